#include "protocol/sbd/json_check.hpp"

#include "config/log.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/system/errc.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kp::sbd::detail {

namespace json = boost::json;

namespace {

constexpr std::size_t shown_of_a_name = 80;  // bytes

// The events of Boost.JSON's parser; the names and signatures are its own.
struct checker {
  static constexpr auto unlimited = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_object_size = unlimited;
  static constexpr std::size_t max_array_size = unlimited;
  static constexpr std::size_t max_key_size = unlimited;
  static constexpr std::size_t max_string_size = unlimited;

  // A tree, so that names made to collide cost no more than others.
  std::vector<std::set<std::string, std::less<>>> names;  // of the objects we are in
  std::string name;                                       // what has been read of it
  bool is_whole = true;  // of the number that is being read: no fraction, no exponent
  std::string failure;

  bool refuse(std::string why, json::error_code& failed) {
    failure = std::move(why);
    failed = make_error_code(boost::system::errc::invalid_argument);
    return false;
  }
  void look_at(std::string_view digits) {
    if (digits.find_first_of(".eE") != std::string_view::npos) is_whole = false;
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    names.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    names.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    name.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view last, std::size_t, json::error_code& failed) {
    name.append(last.data(), last.size());
    if (!names.back().insert(name).second)
      return refuse(
          fmt::format("Duplicate field '{}'", mask_person_numbers(name.substr(0, shown_of_a_name))),
          failed);
    name.clear();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view part, json::error_code&) {
    look_at(part);
    return true;
  }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) {
    is_whole = true;
    return true;
  }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) {
    is_whole = true;
    return true;
  }
  bool on_double(double number, json::string_view last, json::error_code& failed) {
    look_at(last);
    const bool was_whole = std::exchange(is_whole, true);
    if (!std::isfinite(number)) return refuse("a number is too large", failed);
    if (was_whole) return refuse("a whole number has more than 64 bits", failed);
    return true;
  }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

result<void> check_json(std::string_view text, std::size_t max_depth) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<checker> parser(options);
  json::error_code failed;
  const auto used = parser.write_some(false, text.data(), text.size(), failed);
  if (!failed) return {};
  const auto& why = parser.handler().failure;
  return permanent(sbd_errc::malformed_json,
                   fmt::format("{} near byte {}", why.empty() ? failed.message() : why, used));
}

}  // namespace kp::sbd::detail
