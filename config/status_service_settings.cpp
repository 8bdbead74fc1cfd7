#include "config/status_service_declarations.hpp"
#include "config/text_list_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp {

namespace {

constexpr std::size_t most_scopes = 20;
constexpr std::string_view plain_rsocket = "rsocket://", secure_rsocket = "rsockets://";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// http:// or https:// as elsewhere, and rsocket://host:port or, with TLS, rsockets://host:port.
struct status_url_kind {
  std::string type() const { return "URL"; }
  std::string range() const { return "https, http, rsockets or rsocket"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value& value, value_reader& reader) const {
    const auto text = reader.scalar(value);
    if (!text) return std::nullopt;
    const bool secure = text->starts_with(secure_rsocket);
    if (!secure && !text->starts_with(plain_rsocket)) return url_kind{}.read(value, reader);
    const auto place = text->substr((secure ? secure_rsocket : plain_rsocket).size());
    const auto colon = place.rfind(':');
    const bool good =
        colon != std::string::npos && colon > 0 && colon + 1 < place.size() &&
        place.size() - colon <= 6 && std::ranges::all_of(place.substr(colon + 1), is_digit) &&
        std::ranges::none_of(place, [](char c) { return c == '/' || c == '@' || c <= ' '; });
    if (good) return text;
    reader.refuse(value, reader.what + " is no address for RSocket",
                  "Write it as rsockets://host:7070; a route or path does not stand there.");
    return std::nullopt;
  }
};

// Whether nobody on the way can read what goes there.
bool is_safe(const std::string& url) {
  if (url.starts_with(secure_rsocket)) return true;
  if (url.starts_with(plain_rsocket))
    return is_https_or_loopback("http://" + url.substr(plain_rsocket.size()));
  return is_https_or_loopback(url);
}

}  // namespace

void declare_status_service(declarations<hub_settings>& all) {
  all.add("status_service.url", status_url_kind{},
          [](auto& s) -> auto& { return s.national.status_service_url; },
          "The national status service (meldingsstatus): https://…/logging/api/status, or "
          "rsockets://host:7070. With it the "
          "status service is told of every status of every message.",
          {.fallback = "none: statuses are not reported"});
  all.add("status_service.scopes", text_list_kind{most_scopes},
          [](auto& s) -> auto& { return s.status_service.scopes; },
          "The scopes of the tokens for it, which every organisation's Maskinporten client must "
          "have: [move/dpe.read].",
          {.fallback = "those of the organisation's services, as for the Service Registry"});
  all.add(
      "status_service.allow_unencrypted", switch_kind{},
      [](auto& s) -> auto& { return s.status_service.allow_unencrypted; },
      "Whether tokens and statuses may go to it without TLS.");
  all.add(
      "status_service.waits_for_answers", switch_kind{},
      [](auto& s) -> auto& { return s.status_service.waits_for_answers; },
      "Whether every report over RSocket is answered; without, some may be lost unnoticed.");
  all.add(
      "status_service.max_waiting", integer_kind{100, 10'000'000},
      [](auto& s) -> auto& { return s.status_service.max_waiting; },
      "Reports of one organisation that wait to be sent. Statuses beyond are not reported.");
  all.add(
      "status_service.give_up_after_hours", integer_kind{1, 8760},
      [](auto& s) -> auto& { return s.status_service.give_up_after; },
      "How long a report is tried before it is dropped.");
}

void check_status_service(settings_tree& tree, const hub_settings& settings) {
  const auto& url = settings.national.status_service_url;
  if (url.empty() || settings.preset == environment_preset::sandbox ||
      settings.status_service.allow_unencrypted || is_safe(url))
    return;
  tree.problems().push_back({tree.where("status_service.url"),
                             "status_service.url would send tokens and statuses unencrypted",
                             "Write https:// or rsockets://, or set "
                             "status_service.allow_unencrypted if that is what you want."});
}

}  // namespace kp
