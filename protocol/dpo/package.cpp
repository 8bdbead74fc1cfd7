#include "protocol/dpo/package.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"

#include <algorithm>

namespace kp::dpo {

namespace {

using crypto::crypto_errc;
using opened = result<std::unique_ptr<byte_source>>;

constexpr std::string_view sbd_name = "sbd.json";
constexpr std::string_view legacy_sbd_name = "content.xml";
constexpr std::string_view content_name = "asic.zip";

// An envelope has a header of a kilobyte or two, and a few bytes per segment of 16 kB.
std::uint64_t about_enveloped(std::uint64_t plain) {
  return plain + plain / 1000 + 64 * 1024;
}

// An envelope that keeps what it reads from.
class enveloped final : public byte_source {
 public:
  static opened make(std::shared_ptr<const random_access_source> plain,
                     const crypto::certificate& recipient) {
    auto made = std::make_unique<enveloped>(std::move(plain));
    KP_TRY(made->envelope_,
           crypto::envelop(made->plain_, recipient, crypto::key_transport::oaep_sha256,
                           crypto::content_cipher::aes_256_cbc));
    return made;
  }
  explicit enveloped(std::shared_ptr<const random_access_source> plain)
      : plain_(std::move(plain)) {}

  result<std::size_t> read(std::span<char> out) override { return envelope_->read(out); }

 private:
  sequential_source plain_;
  std::unique_ptr<byte_source> envelope_;  // refers to plain_
};

result<std::string> md5_of(const std::shared_ptr<spool>& of) {
  sequential_source source(of);
  crypto::digest running(crypto::digest_algorithm::md5);
  std::string chunk(stream_chunk, '\0');
  for (;;) {
    KP_TRY(const auto count, source.read(chunk));
    if (count == 0) return to_hex(running.finish());
    running.update(std::string_view(chunk).substr(0, count));
  }
}

}  // namespace

result<packed> pack(std::string_view sbd_json, const std::optional<content>& content,
                    spool_factory& spools, std::string signature_id) {
  std::vector<zip::entry> entries;
  entries.push_back({std::string(sbd_name), false, [sbd_json]() -> opened {
                       return std::make_unique<string_source>(std::string(sbd_json));
                     }});
  if (content) {
    if (content->signer == nullptr || content->files.empty())
      return permanent(crypto_errc::internal, "a DPO package with content needs files and a key");
    KP_TRY(const auto container, spools.make());
    KP_CHECK(asic::build(container, content->manifest, content->files, *content->signer,
                         {content->signature_digest, std::move(signature_id)}));
    entries.push_back({std::string(content_name), false,
                       [container, &recipient = content->recipient] {
                         return enveloped::make(container, recipient);
                       },
                       about_enveloped(container->size()), true});
  }
  packed made;
  KP_TRY(made.zip, spools.make());
  KP_CHECK(zip::write(made.zip, std::move(entries)));
  KP_TRY(made.md5, md5_of(made.zip));
  return made;
}

result<package> package::open(std::shared_ptr<const random_access_source> zip) {
  KP_TRY(auto archive, zip::reader::open(std::move(zip)));
  package found;
  found.zip_ = std::move(archive);
  // Of several the last one counts, as in the readers of today's installations.
  const auto json = found.zip_->find(sbd_name);
  const auto xml = found.zip_->find(legacy_sbd_name);
  const auto sbd = std::max(json, xml);  // nothing is less than any index
  if (!sbd)
    return permanent(crypto_errc::bad_format,
                     "the DPO package holds neither sbd.json nor content.xml");
  found.xml_ = sbd == xml;
  if (found.zip_->items()[*sbd].size > max_sbd_bytes)
    return permanent(crypto_errc::too_large, "the SBD of the DPO package is larger than allowed");
  KP_TRY(const auto source, found.zip_->read(*sbd));
  KP_TRY(found.sbd_, read_all(*source, max_sbd_bytes));
  found.asic_index_ = found.zip_->find(content_name);
  return found;
}

result<std::unique_ptr<byte_source>> package::encrypted_content() const {
  if (!asic_index_) return permanent(crypto_errc::bad_format, "the DPO package holds no asic.zip");
  return zip_->read(*asic_index_);
}

}  // namespace kp::dpo
