#include "protocol/sbd/json_text.hpp"

#include "protocol/sbd/json_check.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kp::sbd {

namespace json = boost::json;

namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

// The same JSON with control characters inside strings escaped, as the parser wants them.
std::string escape_controls_in_strings(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 64);
  bool in_string = false;
  bool escaped = false;
  for (const char c : text) {
    if (in_string && is_control(c)) {
      // A backslash before a raw control character stays an error, as it is today.
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      escaped = false;
      continue;
    }
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = in_string && c == '\\' && !escaped;
    out += c;
  }
  return out;
}

class printer {
 public:
  std::string run(const json::value& value) {
    write(value, 0);
    return std::move(out_);
  }

 private:
  void write(const json::value& value, std::size_t level) {
    if (const auto* object = value.if_object())
      write(*object, level);
    else if (const auto* array = value.if_array())
      write(*array, level);
    else if (const auto* number = value.if_double())
      write(*number);
    else
      out_ += json::serialize(value);
  }
  void write(const json::object& object, std::size_t level) {
    if (object.empty()) {
      out_ += "{ }";
      return;
    }
    out_ += '{';
    bool first = true;
    for (const auto& member : object) {
      if (!first) out_ += ',';
      first = false;
      new_line(level + 1);
      out_ += json::serialize(json::string(member.key()));
      out_ += " : ";
      write(member.value(), level + 1);
    }
    new_line(level);
    out_ += '}';
  }
  void write(const json::array& array, std::size_t level) {
    if (array.empty()) {
      out_ += "[ ]";
      return;
    }
    out_ += "[ ";
    bool first = true;
    for (const auto& element : array) {
      if (!first) out_ += ", ";
      first = false;
      write(element, level);
    }
    out_ += " ]";
  }
  void write(double number) {
    const auto text = fmt::format("{}", number);
    out_ += text;
    if (text.find_first_of(".e") == std::string::npos) out_ += ".0";
  }
  void new_line(std::size_t level) {
    out_ += '\n';
    out_.append(level * 2, ' ');
  }

  std::string out_;
};

}  // namespace

result<json::value> parse_json(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  if (text.size() > max_json_bytes)
    return permanent(sbd_errc::malformed_json,
                     fmt::format("the document is larger than {} bytes", max_json_bytes));
  std::string escaped;
  if (std::ranges::any_of(text, is_control)) {
    escaped = escape_controls_in_strings(text);
    text = escaped;
  }
  KP_CHECK(detail::check_json(text, max_json_depth));
  json::parse_options options;
  options.max_depth = max_json_depth;
  json::error_code failed;
  json::parser parser({}, options);
  const auto used = parser.write(text.data(), text.size(), failed);
  if (failed)
    return permanent(sbd_errc::malformed_json,
                     fmt::format("{} near byte {}", failed.message(), used));
  return parser.release();
}

std::string pretty_json(const json::value& value) {
  return printer().run(value);
}

}  // namespace kp::sbd
