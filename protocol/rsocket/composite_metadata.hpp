#pragma once

#include <string>
#include <string_view>

namespace kp::rsocket {

// Composite metadata (RSocket extensions CompositeMetadata, Routing and Authentication) of a
// request with a route and a bearer token, in this order; both types as their well-known numbers.
// `route` has at most 255 bytes.
std::string route_and_bearer(std::string_view route, std::string_view token);

}  // namespace kp::rsocket
