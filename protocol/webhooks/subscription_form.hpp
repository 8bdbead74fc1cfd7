#pragma once

#include "protocol/api/error_body.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

// A subscription as a client sends it (rest-api.md 10.1), and what it is told about it.

namespace kp::webhooks {

// Bounds of what is kept; beyond them the client gets a Size violation. Characters are bytes here.
inline constexpr std::size_t max_name = 255;
inline constexpr std::size_t max_push_endpoint = 2048;
inline constexpr std::size_t max_filter = 1024;
// Of a secret that a client chooses: visible ASCII, so that every receiver has the same bytes.
inline constexpr std::size_t min_secret = 16;
inline constexpr std::size_t max_secret = 256;

// What was there and not null. Everything else in the body is ignored, `id` as well.
struct subscription_form {
  std::optional<std::string> name, push_endpoint, resource, event, filter;
  std::optional<std::string> secret;  // the hub's own addition
};

// Problems: 415 for what is no JSON, 400 HttpMessageNotReadableException.
std::expected<subscription_form, api::problem> read_subscription(std::string_view content_type,
                                                                 std::string_view body);

// Why the hub does not deliver to this URL, as the end of "must be a valid URL..."; nullopt: it
// does.
using endpoint_rule = std::function<std::optional<std::string>(std::string_view url)>;

// 400 MethodArgumentNotValidException with one errors[] element per violation. For a new
// subscription all of name, pushEndpoint, resource and event must be there.
std::optional<api::problem> judge_subscription(const subscription_form&, bool is_new,
                                               const endpoint_rule&);

api::problem subscription_not_found(std::uint64_t id);
api::problem subscription_exists();  // same name and push endpoint
api::problem too_many_subscriptions(std::size_t limit);
api::problem dead_letter_not_found(std::uint64_t id);

}  // namespace kp::webhooks
