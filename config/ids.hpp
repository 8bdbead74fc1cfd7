#pragma once

#include "config/error.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// The strong ids of the house. A std::string that is really one of these is a bug waiting.

namespace kp {

// A Norwegian organisation number: nine digits, last one a mod-11 check digit (weights
// 3 2 7 6 5 4 3 2). Source: certificates.md section 1.4.
class organisation_id {
 public:
  // "910077473". Surrounding space is not accepted. Errors: config_errc::invalid_value.
  static result<organisation_id> parse(std::string_view digits);
  // From a number already known to be valid, e.g. read back from a storage key.
  static constexpr organisation_id from_number(std::uint32_t number) {
    return organisation_id(number);
  }

  constexpr std::uint32_t number() const { return number_; }
  std::string to_string() const;            // "910077473"
  std::string iso6523() const;              // "0192:910077473"

  friend constexpr auto operator<=>(organisation_id, organisation_id) = default;

 private:
  constexpr explicit organisation_id(std::uint32_t number) : number_(number) {}
  std::uint32_t number_;
};

// The name of a channel inside its organisation, as YAML gives it: 1 to 64 of [a-z0-9_-].
class channel_name {
 public:
  static result<channel_name> parse(std::string_view text);
  const std::string& to_string() const { return text_; }
  friend auto operator<=>(const channel_name&, const channel_name&) = default;

 private:
  explicit channel_name(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// The number a channel is stored under; given once per organisation and name, never reused, so
// that a channel can be renamed without moving its records.
enum class channel_number : std::uint32_t {};

// A UUID as the protocols carry it: 36 characters at most, case preserved, compared as text.
// parse() takes what java.util.UUID.fromString takes: five hex groups of 1-8, 1-4, 1-4, 1-4, 1-12
// digits. Source: messages.md section 1.3.
namespace detail {
bool is_uuid(std::string_view text);
}

template <class Tag>
class uuid_id {
 public:
  uuid_id() = default;  // empty: the id of nothing
  static std::optional<uuid_id> parse(std::string_view text) {
    if (!detail::is_uuid(text)) return std::nullopt;
    return uuid_id(std::string(text));
  }
  const std::string& to_string() const { return text_; }
  friend auto operator<=>(const uuid_id&, const uuid_id&) = default;

 private:
  explicit uuid_id(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

using message_id = uuid_id<struct message_id_tag>;
using conversation_id = uuid_id<struct conversation_id_tag>;

// The message services of the network. The numbers are stored on disk and never change.
enum class service : std::uint8_t {
  unknown = 0,
  dpo = 1,
  dpv = 2,
  dpi = 3,
  dpf = 4,
  dpe = 5,
  dpfio = 6,
  dph = 7,
};

inline constexpr std::array all_services{service::dpo, service::dpv,   service::dpi, service::dpf,
                                         service::dpe, service::dpfio, service::dph};

std::string_view to_string(service);                       // "DPO" ... "UNKNOWN"
std::optional<service> parse_service(std::string_view);     // exact, upper case

enum class direction : std::uint8_t { outgoing = 1, incoming = 2 };  // stored on disk
std::string_view to_string(direction);                     // "OUTGOING", "INCOMING"

}  // namespace kp

template <>
struct std::hash<kp::organisation_id> {
  std::size_t operator()(kp::organisation_id id) const noexcept {
    return std::hash<std::uint32_t>{}(id.number());
  }
};
template <class Tag>
struct std::hash<kp::uuid_id<Tag>> {
  std::size_t operator()(const kp::uuid_id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.to_string());
  }
};
