#include "protocol/dpfio/payload.hpp"

namespace kp::dpfio {

result<std::shared_ptr<spool>> pack(std::vector<asic::file> files, const crypto::keystore& signer,
                                    const crypto::certificate& recipient, spool_factory& spools,
                                    std::string signature_id) {
  KP_TRY(const auto container, spools.make());
  asic::build_options options;
  options.signature_id = std::move(signature_id);
  options.marks_root = true;
  options.manifest_name = "META-INF/asicmanifest.xml";  // its spelling at KS
  KP_CHECK(asic::build(container, std::nullopt, std::move(files), signer, options));
  sequential_source plain(container);
  KP_TRY(const auto sealed, crypto::envelop(plain, recipient, crypto::key_transport::oaep_sha256,
                                            crypto::content_cipher::aes_256_cbc));
  KP_TRY(auto made, spools.make());
  spool_sink sink(made);
  const auto copied = copy(*sealed, sink);
  if (!copied) return copied.error();
  return made;
}

result<asic::verified> check(std::shared_ptr<const random_access_source> container) {
  return asic::verify(std::move(container), asic::unsigned_manifests::accepted);
}

}  // namespace kp::dpfio
