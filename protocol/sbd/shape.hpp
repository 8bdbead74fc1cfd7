#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string_view>

// What a JSON object may hold, and the rules that today's installations read it by (rest-api.md 1,
// "JSON leniency"): unknown members are dropped, scalars coerced, a single value is no array, an
// unknown enum literal is an error, null is the same as absent. This is the inside of the room.

namespace kp::sbd::detail {

enum class kind {
  text,
  integer,  // 32 bits
  boolean,
  date,        // yyyy-mm-dd
  date_time,   // ISO 8601; without offset, Europe/Oslo's of now is appended
  instant,     // ISO 8601 with offset
  literal,     // one of `literals`
  any,         // any JSON, passed through
  object,      // of shape `inner`
  array,       // of objects of shape `inner`
  set,         // as array, equal elements collapse
  text_map,    // name -> text; absent is {}
  object_map,  // name -> object of shape `inner`; absent is {}
};

struct shape;

struct field {
  std::string_view name;
  kind is = kind::text;
  const shape* inner = nullptr;
  std::span<const std::string_view> literals{};
};

struct shape {
  std::span<const field> fields;  // in the order they are written
};

// The members of `in` that `what` knows, typed, in its order. `path` is where `in` stands, for
// error texts. Error: sbd_errc::malformed_json.
result<boost::json::object> normalise(const boost::json::object& in, const shape& what,
                                      std::string_view path, time_point now);

// The token name upstream's error texts use: START_OBJECT, VALUE_STRING, ...
std::string_view token_name(const boost::json::value&);

}  // namespace kp::sbd::detail
