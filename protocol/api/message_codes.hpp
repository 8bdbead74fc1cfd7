#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>

// The codes of an errors[] element of shape A (rest-api.md 11.3), in the order that Spring's
// DefaultMessageCodesResolver gives them: with the object's name, the path alone, the last name,
// the Java type, the constraint; each path also with its `[]` taken away from the right.

namespace kp::api {

boost::json::array message_codes(std::string_view constraint, std::string_view object,
                                 std::string_view path, std::string_view java_type);

// The first of arguments[].
boost::json::object field_argument(std::string_view object, std::string_view path);

}  // namespace kp::api
