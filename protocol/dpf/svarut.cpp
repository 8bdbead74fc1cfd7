#include "protocol/dpf/svarut.hpp"

#include "protocol/crypto/cms.hpp"
#include "protocol/http/http_error.hpp"

#include <algorithm>

namespace kp::dpf {

namespace {

constexpr std::chrono::minutes longest_silence{16};
constexpr std::uint64_t slowest_bytes_per_second = 128 * 1024;
constexpr std::uint64_t longest_transfer_seconds = 6 * 3600;

}  // namespace

bool may_have_been_accepted(const error& why) {
  using http::http_errc;
  return why.code == http_errc::timeout || why.code == http_errc::cut ||
         why.code == http_errc::unavailable || why.code == http_errc::bad_answer;
}

bool is_duplicate(const error& why) {
  return why.message.find("Duplikat") != std::string::npos;
}

http::deadlines send_deadlines(std::uint64_t bytes) {
  http::deadlines out;
  out.read = longest_silence;
  out.total = longest_silence + std::chrono::seconds(static_cast<std::int64_t>(std::min(
                                    bytes / slowest_bytes_per_second, longest_transfer_seconds)));
  return out;
}

result<void> write_encrypted(const open_document& open, const crypto::certificate& to_whom,
                             byte_sink& to) {
  KP_TRY(const auto plain, open());
  KP_TRY(const auto cms, crypto::envelop(*plain, to_whom, crypto::key_transport::oaep_sha256,
                                         crypto::content_cipher::aes_256_cbc));
  const auto copied = copy(*cms, to);
  if (!copied) return copied.error();
  return {};
}

}  // namespace kp::dpf
