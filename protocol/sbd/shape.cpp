#include "protocol/sbd/shape.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <limits>

namespace kp::sbd::detail {

namespace json = boost::json;

namespace {

// Of an array or a map; answers that list what is wrong with each of them stay within bounds too.
constexpr std::size_t max_elements = 1000;

error too_many(std::string_view path) {
  return permanent(sbd_errc::malformed_json,
                   fmt::format("{} has more than {} elements", path, max_elements));
}

// A member's value, or "as if it were absent".
using slot = std::optional<json::value>;

error wrong_type(std::string_view path, std::string_view wanted, const json::value& found) {
  return permanent(sbd_errc::malformed_json,
                   fmt::format("Cannot deserialize value of type `{}` from {} at {}", wanted,
                               token_name(found), path));
}

error wrong_text(std::string_view path, std::string_view wanted, std::string_view found,
                 std::string_view why) {
  constexpr std::size_t enough = 80;
  return permanent(sbd_errc::malformed_json,
                   fmt::format("Cannot deserialize value of type `{}` from String \"{}\" at {}: {}",
                               wanted, mask_person_numbers(found.substr(0, enough)), path, why));
}

result<slot> to_text(const json::value& in, std::string_view path) {
  if (in.is_string()) return slot(in);
  if (const auto* flag = in.if_bool()) return slot(json::string(*flag ? "true" : "false"));
  if (const auto* number = in.if_int64()) return slot(json::string(std::to_string(*number)));
  if (const auto* number = in.if_uint64()) return slot(json::string(std::to_string(*number)));
  if (const auto* number = in.if_double()) return slot(json::string(fmt::format("{}", *number)));
  return wrong_type(path, "java.lang.String", in);
}

result<slot> to_integer(const json::value& in, std::string_view path) {
  constexpr std::string_view type = "java.lang.Integer";
  constexpr std::int64_t lowest = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t highest = std::numeric_limits<std::int32_t>::max();
  std::int64_t number = 0;
  if (const auto* whole = in.if_int64()) {
    number = *whole;
  } else if (const auto* real = in.if_double()) {
    if (!(*real > static_cast<double>(lowest) - 1 && *real < static_cast<double>(highest) + 1))
      return wrong_type(path, type, in);
    number = static_cast<std::int64_t>(*real);
  } else if (const auto* string = in.if_string()) {
    const auto text = trim({string->data(), string->size()});
    if (text.empty()) return slot();
    const auto digits = text.front() == '+' ? text.substr(1) : text;
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (failed != std::errc() || end != digits.data() + digits.size())
      return wrong_text(path, type, text, "not a valid Integer value");
  } else {
    return wrong_type(path, type, in);
  }
  if (number < lowest || number > highest) return wrong_type(path, type, in);
  return slot(number);
}

result<slot> to_boolean(const json::value& in, std::string_view path) {
  constexpr std::string_view type = "java.lang.Boolean";
  if (in.is_bool()) return slot(in);
  if (const auto* number = in.if_int64()) return slot(*number != 0);
  const auto* string = in.if_string();
  if (!string) return wrong_type(path, type, in);
  const auto text = trim({string->data(), string->size()});
  if (text.empty()) return slot();
  if (text == "true" || text == "True" || text == "TRUE") return slot(true);
  if (text == "false" || text == "False" || text == "FALSE") return slot(false);
  return wrong_text(path, type, text, "only \"true\" or \"false\" recognized");
}

bool is_date(std::string_view text, time_point now) {
  return text.size() == 10 && parse_timestamp(std::string(text) + "T00:00Z", now).has_value();
}

result<slot> to_date_like(const json::value& in, kind is, std::string_view path, time_point now) {
  const std::string_view type = is == kind::date        ? "java.time.LocalDate"
                                : is == kind::date_time ? "java.time.OffsetDateTime"
                                                        : "java.time.Instant";
  const auto* string = in.if_string();
  if (!string) return wrong_type(path, type, in);
  const auto text = trim({string->data(), string->size()});
  if (is == kind::date && is_date(text, now)) return slot(json::string(text));
  if (is != kind::date && parse_timestamp_with_offset(text)) return slot(json::string(text));
  if (is == kind::date_time && parse_timestamp(text, now)) {
    // Read again later, the text must mean the same moment; so the offset of now goes with it.
    const auto offset = oslo_offset(now).count();
    return slot(json::string(fmt::format("{}+{:02}:{:02}", text, offset / 60, offset % 60)));
  }
  return wrong_text(path, type, text, "Text could not be parsed");
}

result<slot> to_literal(const json::value& in, const field& what, std::string_view path) {
  const auto* string = in.if_string();
  if (!string) return wrong_type(path, what.name, in);
  const auto text = trim({string->data(), string->size()});
  if (std::ranges::find(what.literals, text) != what.literals.end())
    return slot(json::string(text));
  return wrong_text(path, what.name, text,
                    fmt::format("not one of the values accepted for Enum class: [{}]",
                                fmt::join(what.literals, ", ")));
}

result<slot> to_array(const json::value& in, const field& what, std::string_view path,
                      time_point now) {
  const auto* elements = in.if_array();
  if (!elements) return wrong_type(path, "java.util.Set", in);
  if (elements->size() > max_elements) return too_many(path);
  json::array out;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    const auto& element = (*elements)[i];
    if (element.is_null()) continue;
    const auto where = fmt::format("{}[{}]", path, i);
    const auto* object = element.if_object();
    if (!object) return wrong_type(where, what.name, element);
    KP_TRY(auto normal, normalise(*object, *what.inner, where, now));
    const json::value value(std::move(normal));
    if (what.is == kind::set && std::ranges::find(out, value) != out.end()) continue;
    out.push_back(value);
  }
  return slot(std::move(out));
}

result<slot> to_map(const json::value& in, const field& what, std::string_view path,
                    time_point now) {
  const auto* members = in.if_object();
  if (!members) return wrong_type(path, "java.util.Map", in);
  if (members->size() > max_elements) return too_many(path);
  json::object out;
  for (const auto& member : *members) {
    if (member.value().is_null()) continue;
    const auto where = fmt::format("{}.{}", path, std::string_view(member.key()));
    if (what.is == kind::text_map) {
      KP_TRY(auto text, to_text(member.value(), where));
      out[member.key()] = std::move(*text);
      continue;
    }
    const auto* object = member.value().if_object();
    if (!object) return wrong_type(where, what.name, member.value());
    KP_TRY(out[member.key()], normalise(*object, *what.inner, where, now));
  }
  return slot(std::move(out));
}

result<slot> to_field(const json::value& in, const field& what, std::string_view path,
                      time_point now) {
  switch (what.is) {
    case kind::text:
      return to_text(in, path);
    case kind::integer:
      return to_integer(in, path);
    case kind::boolean:
      return to_boolean(in, path);
    case kind::date:
    case kind::date_time:
    case kind::instant:
      return to_date_like(in, what.is, path, now);
    case kind::literal:
      return to_literal(in, what, path);
    case kind::any:
      return slot(in);
    case kind::object: {
      const auto* object = in.if_object();
      if (!object) return wrong_type(path, what.name, in);
      KP_TRY(auto normal, normalise(*object, *what.inner, path, now));
      return slot(std::move(normal));
    }
    case kind::array:
    case kind::set:
      return to_array(in, what, path, now);
    case kind::text_map:
    case kind::object_map:
      return to_map(in, what, path, now);
  }
  return slot();
}

}  // namespace

result<json::object> normalise(const json::object& in, const shape& what, std::string_view path,
                               time_point now) {
  json::object out;
  for (const auto& field : what.fields) {
    const auto* value = in.if_contains(field.name);
    if (!value || value->is_null()) {
      if (field.is == kind::text_map || field.is == kind::object_map)
        out[field.name] = json::object();
      continue;
    }
    KP_TRY(auto typed, to_field(*value, field, fmt::format("{}.{}", path, field.name), now));
    if (typed) out[field.name] = std::move(*typed);
  }
  return out;
}

std::string_view token_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "VALUE_NULL";
    case json::kind::bool_:
      return value.get_bool() ? "VALUE_TRUE" : "VALUE_FALSE";
    case json::kind::int64:
    case json::kind::uint64:
      return "VALUE_NUMBER_INT";
    case json::kind::double_:
      return "VALUE_NUMBER_FLOAT";
    case json::kind::string:
      return "VALUE_STRING";
    case json::kind::array:
      return "START_ARRAY";
    case json::kind::object:
      return "START_OBJECT";
  }
  return "VALUE_EMBEDDED_OBJECT";
}

}  // namespace kp::sbd::detail
