#include "protocol/amqp/amqp_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::amqp {

namespace {

constexpr std::size_t longest_text = 300;
constexpr std::chrono::seconds rest{10};

struct meaning {
  std::string_view name;
  amqp_errc code;
  bool retryable;
};
// OASIS AMQP 1.0 2.8.15 to 2.8.18; "Service Bus AMQP error codes" of Azure.
constexpr std::array meanings{
    meaning{"amqp:unauthorized-access", amqp_errc::unauthorized, true},
    meaning{"com.microsoft:auth-failed", amqp_errc::unauthorized, true},
    meaning{"amqp:not-found", amqp_errc::not_found, true},
    meaning{"com.microsoft:entity-disabled", amqp_errc::not_found, true},
    meaning{"amqp:link:message-size-exceeded", amqp_errc::too_large, false},
    meaning{"amqp:decode-error", amqp_errc::refused, false},
    meaning{"amqp:invalid-field", amqp_errc::refused, false},
    meaning{"amqp:resource-limit-exceeded", amqp_errc::busy, true},
    meaning{"com.microsoft:server-busy", amqp_errc::busy, true},
    meaning{"com.microsoft:timeout", amqp_errc::timeout, true},
    meaning{"com.microsoft:message-lock-lost", amqp_errc::lock_lost, false},
};

std::string readable(std::string_view text) {
  std::string out(text.substr(0, longest_text));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

}  // namespace

error of_condition(std::string_view what, std::string_view name, std::string_view description) {
  error why = transient(amqp_errc::closed, fmt::format("{}: {}", what, readable(name)));
  if (name.empty()) why.message = fmt::format("{}: closed by the other side", what);
  if (!description.empty()) why.message += " (" + readable(description) + ")";
  const auto found = std::ranges::find(meanings, name, &meaning::name);
  if (found == meanings.end()) return why;
  why.code = make_error_code(found->code);
  why.retryable = found->retryable;
  if (found->code == amqp_errc::busy) why.retry_after = rest;
  return why;
}

}  // namespace kp::amqp
