#include "protocol/dpi/parcel.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

namespace kp::dpi {

namespace {

using opened = result<std::unique_ptr<byte_source>>;

// Sums up what it writes.
class hashing_sink final : public byte_sink {
 public:
  explicit hashing_sink(std::shared_ptr<spool> to) : to_(std::move(to)) {}
  result<void> write(std::string_view bytes) override {
    running_.update(bytes);
    return to_.write(bytes);
  }
  std::string digest() { return running_.finish(); }

 private:
  spool_sink to_;
  crypto::digest running_{crypto::digest_algorithm::sha256};
};

}  // namespace

result<package> pack(const std::string& manifest_xml, std::vector<asic::file> files,
                     const crypto::keystore& signer, const crypto::certificate& recipient,
                     spool_factory& spools, time_point now) {
  files.insert(files.begin(), {"manifest.xml", "application/xml",
                               [manifest_xml]() -> opened {
                                 return std::make_unique<string_source>(manifest_xml);
                               },
                               manifest_xml.size()});
  KP_TRY(const auto container, spools.make());
  KP_CHECK(asic::build(container, std::nullopt, std::move(files), signer,
                       {.form = asic::signature_form::xades, .signing_time = now}));
  package made;
  KP_TRY(made.cms, spools.make());
  sequential_source plain(container);
  KP_TRY(const auto envelope, crypto::envelop(plain, recipient, crypto::key_transport::oaep_sha256,
                                              crypto::content_cipher::aes_256_cbc));
  hashing_sink sink(made.cms);
  KP_TRY(const auto size, copy(*envelope, sink));
  static_cast<void>(size);
  made.digest = to_base64(sink.digest());
  return made;
}

result<std::string> sign(const boost::json::object& business_message,
                         const crypto::keystore& signer) {
  boost::json::array chain;
  chain.emplace_back(to_base64(signer.leaf.der()));
  return crypto::sign_jws({{"x5c", std::move(chain)}}, boost::json::serialize(business_message),
                          signer.key);
}

}  // namespace kp::dpi
