#include "protocol/dph/package.hpp"

namespace kp::dph {

result<std::shared_ptr<spool>> pack(std::vector<asic::file> files, const crypto::keystore& signer,
                                    const crypto::certificate& recipient, spool_factory& spools,
                                    std::string signature_id) {
  KP_TRY(const auto container, spools.make());
  asic::build_options options;
  options.signature_id = std::move(signature_id);
  KP_CHECK(asic::build(container, std::nullopt, std::move(files), signer, options));
  sequential_source plain(container);
  KP_TRY(const auto envelope, crypto::envelop(plain, recipient, crypto::key_transport::oaep_sha256,
                                              crypto::content_cipher::aes_256_gcm));
  KP_TRY(auto made, spools.make());
  spool_sink sink(made);
  KP_TRY([[maybe_unused]] const auto size, copy(*envelope, sink));
  return made;
}

}  // namespace kp::dph
