#include "protocol/api/accept.hpp"

#include "config/text.hpp"

namespace kp::api {

namespace {

// The next part of `rest` up to `end`, which goes with it.
std::string_view take(std::string_view& rest, char end) {
  const auto at = rest.find(end);
  const auto part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trim(part);
}

// "q=0", "q=0.000"
bool is_refusal(std::string_view parameter) {
  const auto name = take(parameter, '=');
  return equals_ignoring_case(name, "q") && !parameter.empty() && parameter.starts_with('0') &&
         parameter.find_first_not_of("0.") == std::string_view::npos;
}

// How well a range fits application/json: 0 not at all, 3 exactly.
int fit(std::string_view type, std::string_view subtype) {
  if (type == "*" && subtype == "*") return 1;
  if (!equals_ignoring_case(type, "application")) return 0;
  if (subtype == "*") return 2;
  const bool json = equals_ignoring_case(subtype, "json") || subtype.ends_with("+json");
  return json ? 3 : 0;
}

}  // namespace

bool accepts_json(std::string_view accept) {
  bool any = false;
  int best = 0;
  bool taken = false;
  while (!accept.empty()) {
    auto range = take(accept, ',');
    auto media = take(range, ';');
    const auto type = take(media, '/');
    if (type.empty() || media.empty()) continue;
    any = true;
    const auto how = fit(type, media);
    if (how == 0 || how < best) continue;
    bool refused = false;
    while (!range.empty()) refused = is_refusal(take(range, ';')) || refused;
    // Of several ranges the most specific one counts.
    taken = how > best ? !refused : taken || !refused;
    best = how;
  }
  return !any || taken;
}

}  // namespace kp::api
