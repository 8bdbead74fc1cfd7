#pragma once

#include "protocol/asic/asic.hpp"
#include "protocol/crypto/cms.hpp"
#include "protocol/zip/zip.hpp"

// The transport package of DPO, sbd.zip: sbd.json and, when the message has files, asic.zip, which
// is a CMS EnvelopedData whose plaintext is the ASiC-E (dpo.md 4.3, asic-and-crypto.md 7.1).

namespace kp::dpo {

struct content {
  asic::manifest manifest;
  std::vector<asic::file> files;  // primary first, then by document number
  const crypto::keystore* signer = nullptr;
  crypto::certificate recipient;
  crypto::digest_algorithm signature_digest = crypto::digest_algorithm::sha256;
};

struct packed {
  std::shared_ptr<spool> zip;
  std::string md5;  // 32 lower-case hex digits, the Broker's checksum
};
// Makes sbd.zip in a spool of `spools`. `content` is absent for messages without files.
result<packed> pack(std::string_view sbd_json, const std::optional<content>& content,
                    spool_factory& spools, std::string signature_id);

// What arrived, opened as far as the outcome matrix of dpo.md 5.3 needs it.
class package {
 public:
  static constexpr std::size_t max_sbd_bytes = 4 * 1024 * 1024;
  // Errors: bad_format when it is no zip or holds neither sbd.json nor content.xml; too_large.
  static result<package> open(std::shared_ptr<const random_access_source> zip);

  bool is_xml() const { return xml_; }  // the SBD came as legacy content.xml
  const std::string& sbd() const { return sbd_; }
  bool has_content() const { return asic_index_.has_value(); }
  // The CMS bytes as they arrived.
  result<std::unique_ptr<byte_source>> encrypted_content() const;

 private:
  std::shared_ptr<zip::reader> zip_;
  std::string sbd_;
  bool xml_ = false;
  std::optional<std::size_t> asic_index_;
};

}  // namespace kp::dpo
