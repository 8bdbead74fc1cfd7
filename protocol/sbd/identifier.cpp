#include "protocol/sbd/identifier.hpp"

#include "config/log.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <vector>

namespace kp::sbd {

namespace {

constexpr std::string_view iso6523_authority = "iso6523-actorid-upis";
constexpr std::string_view nhn_authority = "nhn-actorid";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// UTF-8 characters: the length limits of the grammar count characters, not bytes.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

// The international code designators that are accepted; 9908 is not among them (messages.md 2).
bool is_known_icd(std::string_view icd) {
  int number = 0;
  std::from_chars(icd.data(), icd.data() + icd.size(), number);
  constexpr std::array known{2,   7,   9,   28,  37,   60,   88,   96,   97,   106,  135,  142,
                             184, 191, 192, 195, 9901, 9902, 9904, 9905, 9906, 9907, 9909, 9910};
  return std::ranges::find(known, number) != known.end() || (number >= 9912 && number <= 9958);
}

std::vector<std::string_view> split_at_colons(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos || parts.size() > 4) return parts;
    text.remove_prefix(colon + 1);
  }
}

// ^\d{4}:[^:]{1,35}(:[^\s:]{1,35})?(:\d)?$
std::optional<identifier> parse_iso6523(std::string_view value) {
  const auto parts = split_at_colons(value);
  if (parts.size() < 2 || parts.size() > 4) return std::nullopt;
  if (parts[0].size() != 4 || !all_digits(parts[0]) || !is_known_icd(parts[0])) return std::nullopt;
  if (parts[1].empty() || length_of(parts[1]) > 35) return std::nullopt;
  identifier out;
  out.kind = identifier::form::iso6523;
  out.icd = parts[0];
  out.primary = parts[1];
  if (parts.size() > 2) {
    const auto part = parts[2];
    if (part.empty() || length_of(part) > 35 || std::ranges::any_of(part, is_space))
      return std::nullopt;
    out.part = std::string(part);
  }
  if (parts.size() > 3) {
    if (parts[3].size() != 1 || !is_digit(parts[3][0])) return std::nullopt;
    if (parts[2] == "0" && parts[3] == "0") return std::nullopt;
  }
  return out;
}

// Eleven digits with two check digits. The date part is not looked at, so that D numbers and
// synthetic numbers pass.
bool is_person_number(std::string_view text) {
  if (text.size() != 11 || !all_digits(text)) return false;
  constexpr std::array first{3, 7, 6, 1, 8, 9, 4, 5, 2};
  constexpr std::array second{5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
  const auto matches = [&](const auto& weights) {
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * (text[i] - '0');
    return (11 - sum % 11) % 11 == text[weights.size()] - '0';  // 10 equals no digit
  };
  return matches(first) && matches(second);
}

bool is_nhn(std::string_view value) {
  constexpr std::string_view her_id = "her-id:";
  constexpr std::string_view fastlege_for = "fastlege-for:";
  if (value.starts_with(her_id)) {
    const auto digits = value.substr(her_id.size());
    std::int32_t number = 0;
    return all_digits(digits) && digits.size() <= 11 &&
           std::from_chars(digits.data(), digits.data() + digits.size(), number).ec ==
               std::errc() &&
           number > 0;
  }
  return value.starts_with(fastlege_for) && is_person_number(value.substr(fastlege_for.size()));
}

std::optional<identifier> parse_under_iso6523_authority(std::string_view value) {
  if (auto iso = parse_iso6523(value)) return iso;
  identifier out;
  out.primary = value;
  if (value.size() == 9 && all_digits(value)) {
    out.kind = identifier::form::iso6523;
    out.icd = "0192";
  } else if (is_person_number(value)) {
    out.kind = identifier::form::person;
  } else if (kp::detail::is_uuid(value)) {
    out.kind = identifier::form::fiks_io;
  } else {
    return std::nullopt;
  }
  return out;
}

std::optional<identifier> parse_nhn(std::string_view value) {
  if (!is_nhn(value)) return std::nullopt;
  identifier out;
  out.kind = identifier::form::nhn;
  out.primary = value;
  return out;
}

}  // namespace

result<identifier> parse_identifier(std::string_view authority, std::string_view value) {
  std::optional<identifier> found;
  if (authority == iso6523_authority)
    found = parse_under_iso6523_authority(value);
  else if (authority == nhn_authority)
    found = parse_nhn(value);
  else
    return permanent(sbd_errc::invalid_identifier,
                     "Unknown authority = " + mask_person_numbers(authority));
  if (!found)
    return permanent(sbd_errc::invalid_identifier,
                     "Unable to parse identifier = '" + mask_person_numbers(value) + "'");
  found->authority = authority;
  found->value = value;
  return std::move(*found);
}

identifier organisation_identifier(organisation_id organisation) {
  identifier out;
  out.authority = iso6523_authority;
  out.value = organisation.iso6523();
  out.kind = identifier::form::iso6523;
  out.icd = "0192";
  out.primary = organisation.to_string();
  return out;
}

bool is_sender_value(std::string_view value) {
  return parse_under_iso6523_authority(value).has_value() || is_nhn(value);
}

}  // namespace kp::sbd
