#include "config/alert_settings.hpp"

#include "config/alert_declarations.hpp"
#include "config/quota_declarations.hpp"
#include "config/setting_list.hpp"
#include "config/text_list_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp {

namespace {

constexpr std::size_t most_webhooks = 20;
constexpr std::size_t most_receivers = 50;

// smtp:// or smtps:// with host and port.
struct mail_server_kind {
  std::string type() const { return "URL"; }
  std::string range() const { return "smtp://host:port or smtps://host:port"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value& value, value_reader& reader) const {
    const auto text = reader.scalar(value);
    if (!text) return std::nullopt;
    const auto rest = text->starts_with("smtp://")    ? text->substr(7)
                      : text->starts_with("smtps://") ? text->substr(8)
                                                      : std::string();
    const auto colon = rest.rfind(':');
    const bool good =
        colon != std::string::npos && colon > 0 && colon + 1 < rest.size() &&
        std::ranges::all_of(rest.substr(colon + 1), [](char c) { return c >= '0' && c <= '9'; }) &&
        std::ranges::none_of(rest, [](char c) { return c == '/' || c == '@' || c <= ' '; });
    if (!good) {
      reader.refuse(value, reader.what + " is no mail server",
                    "Write it as smtp://mail.example.no:587.");
      return std::nullopt;
    }
    return text;
  }
};

bool is_address(const std::string& text) {
  const auto at = text.find('@');
  return at != std::string::npos && at > 0 && at + 1 < text.size() &&
         std::ranges::none_of(text, [](char c) {
           return c <= ' ' || c == '<' || c == '>' || c == ',' || c == '"' || c == 0x7f;
         });
}

declarations<alert_webhook> declare_webhook() {
  declarations<alert_webhook> all{alert_webhook{}};
  all.add("url", url_kind{}, [](auto& s) -> auto& { return s.url; }, "Where alerts are posted to.",
          {.required = true});
  all.add("secret", optional_kind<secret_kind, secret>{},
          [](auto& s) -> auto& { return s.signing; },
          "What they are signed with, as the webhooks of clients are.",
          {.secret = true, .fallback = "none: they are not signed"});
  return all;
}

void declare_mail(declarations<hub_settings>& all) {
  all.add("alerts.mail.server", mail_server_kind{},
          [](auto& s) -> auto& { return s.alerts.mail.server; },
          "The mail server that takes alerts; smtp:// begins with STARTTLS, smtps:// with TLS.",
          {.fallback = "none: no mail is sent"});
  all.add(
      "alerts.mail.from", text_kind{}, [](auto& s) -> auto& { return s.alerts.mail.from; },
      "Whom alerts by mail are from.");
  all.add(
      "alerts.mail.to", text_list_kind{most_receivers},
      [](auto& s) -> auto& { return s.alerts.mail.to; }, "Who gets alerts by mail.");
  all.add("alerts.mail.user", text_kind{}, [](auto& s) -> auto& { return s.alerts.mail.user; },
          "As whom to sign in at the mail server.", {.fallback = "none: without signing in"});
  all.add("alerts.mail.password", optional_kind<secret_kind, secret>{},
          [](auto& s) -> auto& { return s.alerts.mail.password; },
          "The password of alerts.mail.user.", {.secret = true, .fallback = "none"});
  all.add(
      "alerts.mail.allow_unencrypted", switch_kind{},
      [](auto& s) -> auto& { return s.alerts.mail.allow_unencrypted; },
      "Whether mail may be sent where the server offers no TLS.");
}

}  // namespace

const declarations<alert_webhook>& alert_webhook_settings() {
  static const auto all = declare_webhook();
  return all;
}

void declare_alerts(declarations<hub_settings>& all) {
  all.add(
      "statistics.keep_days", integer_kind{1, 3660},
      [](auto& s) -> auto& { return s.statistics_keep_days; },
      "How long the hourly counts of statuses are kept.");
  all.add(
      "alerts.failed", switch_kind{}, [](auto& s) -> auto& { return s.alerts.failed; },
      "Whether operators are told of messages that get the status FEIL.");
  all.add(
      "alerts.expired", switch_kind{}, [](auto& s) -> auto& { return s.alerts.expired; },
      "Whether operators are told of messages that get the status LEVETID_UTLOPT.");
  all.add(
      "alerts.parked", switch_kind{}, [](auto& s) -> auto& { return s.alerts.parked; },
      "Whether operators are told of deliveries of KS FIKS IO that cannot be received and are "
      "parked for them.");
  all.add(
      "alerts.nothing_delivered_hours", integer_kind{0, 8760},
      [](auto& s) -> auto& { return s.alerts.nothing_delivered; },
      "Operators are told when an organisation has sent messages over a service, and none of that "
      "service has been delivered for so long; 0: never.");
  all.add(
      "alerts.every_minutes", integer_kind{1, 1440},
      [](auto& s) -> auto& { return s.alerts.every; },
      "How often operators are told at most; what happens in between is told together.");
  all.add(
      "alerts.give_up_after_hours", integer_kind{1, 8760},
      [](auto& s) -> auto& { return s.alerts.give_up_after; },
      "How long an alert is tried before it is dropped.");
  all.add(
      "alerts.webhooks",
      list_kind<alert_webhook>{&alert_webhook_settings, "alert webhook", "url", most_webhooks},
      [](auto& s) -> auto& { return s.alerts.webhooks; },
      "Where alerts are posted to. Private addresses are allowed here.");
  declare_mail(all);
}

void check_alerts(settings_tree& tree, const hub_settings& settings) {
  const auto report = [&](std::string_view key, std::string rule, std::string remedy) {
    tree.problems().push_back({tree.where(key), std::move(rule), std::move(remedy)});
  };
  const auto& mail = settings.alerts.mail;
  for (std::size_t i = 0; i < settings.alerts.webhooks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (settings.alerts.webhooks[i].url == settings.alerts.webhooks[j].url)
        tree.problems().push_back({settings.alerts.webhooks[i].where,
                                   fmt::format("the alert webhook {} stands twice",
                                               in_quotes(settings.alerts.webhooks[i].url)),
                                   "Remove one."});
  if (mail.server.empty()) {
    if (!mail.from.empty() || !mail.to.empty())
      report(tree.has("alerts.mail.to") ? "alerts.mail.to" : "alerts.mail.from",
             "alerts by mail have no mail server", "Give alerts.mail.server, or remove the rest.");
    return;
  }
  if (!is_address(mail.from))
    report("alerts.mail.from", "alerts.mail.from is no mail address",
           "Write it as knutepunkt@example.no.");
  if (mail.to.empty())
    report("alerts.mail.to", "alerts by mail have no receiver", "Name at least one.");
  for (const auto& each : mail.to)
    if (!is_address(each))
      report("alerts.mail.to", fmt::format("{} is no mail address", in_quotes(each)),
             "Write it as drift@example.no.");
  if (mail.user.empty() != !mail.password)
    report(mail.user.empty() ? "alerts.mail.password" : "alerts.mail.user",
           "signing in at the mail server needs both user and password",
           "Give both alerts.mail.user and alerts.mail.password, or none.");
}

}  // namespace kp
