#include "protocol/dpe/payload.hpp"

#include "config/text.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/dpe/dpe_error.hpp"
#include "protocol/sbd/json_check.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace kp::dpe {

namespace {

namespace json = boost::json;
using crypto::crypto_errc;

constexpr std::size_t max_depth = 40;
// Twice in base64 it is as large as a body may be.
constexpr std::size_t max_cms_bytes = max_payload_bytes / 16 * 9;
constexpr char begin_of_der = 0x30;

error too_large() {
  return permanent(
      crypto_errc::too_large,
      fmt::format("the message is larger than {} bytes, which DPE carries", max_payload_bytes));
}
error bad(std::string why) {
  return permanent(dpe_errc::bad_payload, std::move(why));
}

result<std::string> enveloped(const content& what, spool_factory& spools,
                              std::string signature_id) {
  if (what.signer == nullptr || what.files.empty())
    return permanent(crypto_errc::internal, "a DPE message with content needs files and a key");
  KP_TRY(const auto container, spools.make());
  KP_CHECK(asic::build(container, what.manifest, what.files, *what.signer,
                       {what.signature_digest, std::move(signature_id)}));
  if (container->size() > max_cms_bytes) return too_large();
  sequential_source plain(container);
  KP_TRY(const auto cms, crypto::envelop(plain, what.recipient, crypto::key_transport::pkcs1,
                                         crypto::content_cipher::aes_256_cbc));
  return read_all(*cms, 2 * max_cms_bytes);
}

result<void> write(const json::value& body, spool& to) {
  json::serializer text;
  text.reset(&body);
  std::string chunk(stream_chunk, '\0');
  for (std::uint64_t at = 0; !text.done();) {
    const auto part = text.read(chunk.data(), chunk.size());
    KP_CHECK(to.write_at(at, std::string_view(part.data(), part.size())));
    at += part.size();
    if (at > max_payload_bytes) return too_large();
  }
  return {};
}

// base64 of base64; a sender that does it once is understood too (asic-and-crypto.md 7.2).
result<std::string> decoded(const json::string& asic) {
  auto once = from_base64(std::string_view(asic.data(), asic.size()));
  if (!once || once->empty()) return bad("asic is no base64");
  if (once->front() == begin_of_der) return *std::move(once);
  auto twice = from_base64(*once);
  if (!twice || twice->empty()) return bad("asic is no base64 of base64");
  return *std::move(twice);
}

}  // namespace

result<std::shared_ptr<spool>> pack(std::string_view sbd_json,
                                    const std::optional<content>& content, spool_factory& spools,
                                    std::string signature_id) {
  boost::system::error_code failed;
  json::object body;
  body["sbd"] = json::parse(json::string_view(sbd_json.data(), sbd_json.size()), failed);
  if (failed) return bad("the SBD is no JSON: " + failed.message());
  if (content) {
    KP_TRY(const auto cms, enveloped(*content, spools, std::move(signature_id)));
    body["asic"] = to_base64(to_base64(cms));
  }
  KP_TRY(auto made, spools.make());
  KP_CHECK(write(body, *made));
  return made;
}

result<payload> open(std::shared_ptr<const random_access_source> from) {
  if (from->size() > max_payload_bytes) return too_large();
  sequential_source source(std::move(from));
  KP_TRY(const auto text, read_all(source, max_payload_bytes));
  if (const auto sound = sbd::detail::check_json(text, max_depth); !sound)
    return bad(sound.error().message);
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = max_depth;
  const auto root = json::parse(text, failed, {}, options);
  if (failed) return bad(failed.message());
  const auto* body = root.if_object();
  const auto* document = body ? body->if_contains("sbd") : nullptr;
  if (!document || !document->is_object()) return bad("the payload holds no SBD");
  payload found;
  found.sbd = json::serialize(*document);
  const auto* asic = body->if_contains("asic");
  if (!asic || asic->is_null()) return found;
  if (!asic->is_string()) return bad("asic is no text");
  KP_TRY(found.cms, decoded(asic->get_string()));
  return found;
}

}  // namespace kp::dpe
