#include "config/ids.hpp"

#include "config/config_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

}  // namespace

result<organisation_id> organisation_id::parse(std::string_view digits) {
  if (digits.size() != 9 || !std::ranges::all_of(digits, is_digit))
    return permanent(
        config_errc::invalid_value,
        fmt::format("\"{}\" is not an organisation number: nine digits, no spaces", digits));
  constexpr std::array weights{3, 2, 7, 6, 5, 4, 3, 2};
  int sum = 0;
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    const int digit = digits[i] - '0';
    if (i < 8) sum += weights[i] * digit;
    number = number * 10 + static_cast<std::uint32_t>(digit);
  }
  const int check = (11 - sum % 11) % 11;
  if (check == 10 || check != digits[8] - '0')
    return permanent(config_errc::invalid_value,
                     fmt::format("\"{}\" is not an organisation number: its check digit is wrong; "
                                 "compare it with the Central Coordinating Register",
                                 digits));
  return organisation_id(number);
}

std::string organisation_id::to_string() const {
  return fmt::format("{:09}", number_);
}

std::string organisation_id::iso6523() const {
  return fmt::format("0192:{:09}", number_);
}

result<channel_name> channel_name::parse(std::string_view text) {
  const auto allowed = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  };
  if (text.empty() || text.size() > 64 || !std::ranges::all_of(text, allowed))
    return permanent(
        config_errc::invalid_value,
        fmt::format("\"{}\" is not a channel name: use 1 to 64 of the characters a-z, 0-9, - and _",
                    text));
  return channel_name(std::string(text));
}

bool detail::is_uuid(std::string_view text) {
  constexpr std::array<std::size_t, 5> longest{8, 4, 4, 4, 12};
  if (text.size() > 36) return false;
  std::size_t at = 0;
  for (std::size_t group = 0; group < longest.size(); ++group) {
    std::size_t digits = 0;
    while (at < text.size() && is_hex(text[at])) ++at, ++digits;
    if (digits == 0 || digits > longest[group]) return false;
    if (group + 1 < longest.size()) {
      if (at >= text.size() || text[at] != '-') return false;
      ++at;
    }
  }
  return at == text.size();
}

std::string_view to_string(service s) {
  switch (s) {
    case service::dpo:
      return "DPO";
    case service::dpv:
      return "DPV";
    case service::dpi:
      return "DPI";
    case service::dpf:
      return "DPF";
    case service::dpe:
      return "DPE";
    case service::dpfio:
      return "DPFIO";
    case service::dph:
      return "DPH";
    case service::unknown:
      break;
  }
  return "UNKNOWN";
}

std::optional<service> parse_service(std::string_view text) {
  for (const auto s : all_services)
    if (to_string(s) == text) return s;
  return std::nullopt;
}

std::string_view to_string(direction d) {
  return d == direction::incoming ? "INCOMING" : "OUTGOING";
}

}  // namespace kp
