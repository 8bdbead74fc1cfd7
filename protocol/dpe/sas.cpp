#include "protocol/dpe/sas.hpp"

#include "config/text.hpp"
#include "protocol/crypto/hmac.hpp"

#include <fmt/format.h>

namespace kp::dpe {

std::string form_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '-' || c == '*' || c == '_';
    if (plain)
      out += c;
    else if (c == ' ')
      out += '+';
    else
      out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string shared_access_signature(std::string_view url, std::string_view key_name,
                                    std::string_view key, time_point expires) {
  const auto resource = form_encode(url);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(expires).time_since_epoch().count();
  const auto signature = crypto::hmac_sha256(key, fmt::format("{}\n{}", resource, seconds));
  return fmt::format("SharedAccessSignature sr={}&sig={}&se={}&skn={}", resource,
                     form_encode(to_base64(signature)), seconds, key_name);
}

}  // namespace kp::dpe
