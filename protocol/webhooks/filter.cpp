#include "protocol/webhooks/filter.hpp"

#include "config/text.hpp"

#include <algorithm>

namespace kp::webhooks {

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const auto end = text.find(at);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

// What a "." of a Java pattern does not match.
bool has_line_break(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos ||
         text.find("\u0085") != std::string_view::npos ||
         text.find("\u2028") != std::string_view::npos ||
         text.find("\u2029") != std::string_view::npos;
}

}  // namespace

std::optional<filter> filter::parse(std::string_view text) {
  filter made;
  for (const auto piece : split(text, '&')) {
    const auto equals = piece.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto name = piece.substr(0, equals), value = piece.substr(equals + 1);
    part one{subject::status, {}};
    if (name == "serviceIdentifier")
      one.about = subject::service_identifier;
    else if (name == "direction")
      one.about = subject::direction;
    else if (name != "status")
      return std::nullopt;
    if (value.empty() || has_line_break(value)) return std::nullopt;
    for (const auto each : split(value, ',')) one.values.emplace_back(each);
    made.parts_.push_back(std::move(one));
  }
  return made;
}

bool filter::matches(const filtered& event) const {
  return std::ranges::all_of(parts_, [&](const part& one) {
    const auto actual = one.about == subject::status      ? event.status
                        : one.about == subject::direction ? to_string(event.way)
                                                          : to_string(event.via);
    return std::ranges::any_of(one.values, [&](const std::string& wanted) {
      return equals_ignoring_case(wanted, actual);
    });
  });
}

}  // namespace kp::webhooks
