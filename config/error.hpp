#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace kp {

// Why something failed, as a value.
//
// `code` is from the one documented enum of the room that failed (config_errc, storage_errc, ...).
// `message` is a sentence for a person: what, where, what to do. It holds no secret and no
// eleven-digit person number.
// `retryable` says whether the same call may succeed later without anyone changing anything.
// `retry_after` is set when the other side said how long to wait (HTTP Retry-After).
struct [[nodiscard]] error {
  std::error_code code;
  std::string message;
  bool retryable = false;
  std::optional<std::chrono::seconds> retry_after{};
};

// A permanent failure. `E` is a room's error enum (std::is_error_code_enum).
template <class E>
error permanent(E code, std::string message) {
  return error{make_error_code(code), std::move(message), false, {}};
}

// A failure worth a retry.
template <class E>
error transient(E code, std::string message) {
  return error{make_error_code(code), std::move(message), true, {}};
}

// A value or an error. Unlike a plain std::expected it may not be ignored.
template <class T>
class [[nodiscard]] result : public std::expected<T, ::kp::error> {
 public:
  using std::expected<T, ::kp::error>::expected;
  result(::kp::error e) : std::expected<T, ::kp::error>(std::unexpect, std::move(e)) {}  // NOLINT: implicit on purpose
};

template <>
class [[nodiscard]] result<void> : public std::expected<void, ::kp::error> {
 public:
  using std::expected<void, ::kp::error>::expected;
  result(::kp::error e) : std::expected<void, ::kp::error>(std::unexpect, std::move(e)) {}  // NOLINT: implicit on purpose
};

// `where: ` before the message, keeping code and retryability.
inline error with_context(error e, std::string_view where) {
  e.message = std::string(where) + ": " + e.message;
  return e;
}

}  // namespace kp

#define KP_CONCAT_(a, b) a##b
#define KP_CONCAT(a, b) KP_CONCAT_(a, b)

// KP_TRY(auto x, f());  binds x to the value or returns the error from the enclosing function.
#define KP_TRY(declaration, expression)                                              \
  auto KP_CONCAT(kp_result_, __LINE__) = (expression);                               \
  if (!KP_CONCAT(kp_result_, __LINE__))                                              \
    return std::move(KP_CONCAT(kp_result_, __LINE__)).error();                       \
  declaration = *std::move(KP_CONCAT(kp_result_, __LINE__))

// KP_CHECK(f());  returns the error of a result<void> from the enclosing function.
#define KP_CHECK(expression)                                                         \
  do {                                                                               \
    auto kp_check_result = (expression);                                             \
    if (!kp_check_result) return std::move(kp_check_result).error();                 \
  } while (false)

// The same two inside a coroutine.
#define KP_CO_TRY(declaration, expression)                                           \
  auto KP_CONCAT(kp_result_, __LINE__) = (expression);                               \
  if (!KP_CONCAT(kp_result_, __LINE__))                                              \
    co_return std::move(KP_CONCAT(kp_result_, __LINE__)).error();                    \
  declaration = *std::move(KP_CONCAT(kp_result_, __LINE__))

#define KP_CO_CHECK(expression)                                                      \
  do {                                                                               \
    auto kp_check_result = (expression);                                             \
    if (!kp_check_result) co_return std::move(kp_check_result).error();              \
  } while (false)
