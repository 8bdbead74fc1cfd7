#include "tools/import/service_values.hpp"

#include "config/text.hpp"
#include "tenants/service_settings.hpp"
#include "tools/import/kept_secret.hpp"
#include "tools/import/sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

namespace kp::importer {

namespace {

// `off` is a flag that means the opposite in the hub.
enum class value_kind { text, flag, off, whole, size, word, secret };

struct carried_value {
  service of;
  const char* property;
  const char* key;  // below services.<service>
  value_kind is = value_kind::text;
  std::int64_t lowest = 0, highest = 0;  // whole numbers and sizes; length of texts
  const char* general = nullptr;         // a property that stands in for it
};

constexpr std::int64_t megabyte = 1 << 20;
constexpr auto general_ttl = "difi.move.nextmove.default-ttl-hours";
constexpr std::array values{
    carried_value{service::dpv, "difi.move.dpv.notifyEmail", "notify_email", value_kind::flag},
    carried_value{service::dpv, "difi.move.dpv.notifySms", "notify_sms", value_kind::flag},
    carried_value{service::dpv, "difi.move.dpv.email-subject", "email_subject"},
    carried_value{service::dpv, "difi.move.dpv.notification-text", "notification_text"},
    carried_value{service::dpv, "difi.move.dpv.sensitive-notification-text",
                  "sensitive_notification_text"},
    carried_value{service::dpv, "difi.move.dpv.enableDueDate", "due_date", value_kind::flag},
    carried_value{service::dpv, "difi.move.dpv.daysToReply", "days_to_reply", value_kind::whole, 1,
                  3650},
    carried_value{service::dpv, "difi.move.dpv.sensitiveResource", "sensitive_resource"},
    carried_value{service::dpv, "difi.move.dpv.upload-size-limit", "upload_size_limit",
                  value_kind::size, 1024, 2048 * megabyte},
    carried_value{service::dpv, "difi.move.dpv.default-ttl-hours", "default_ttl_hours",
                  value_kind::whole, 1, 8760, general_ttl},
    carried_value{service::dpv, "difi.move.dpv.oidc.clientId", "client_id"},
    carried_value{service::dpi, "difi.move.dpi.language", "language", value_kind::text, 2, 2},
    carried_value{service::dpi, "difi.move.dpi.oidc.clientId", "client_id"},
    carried_value{service::dpe, "difi.move.nextmove.serviceBus.mode", "mode", value_kind::word},
    carried_value{service::dpe, "difi.move.nextmove.serviceBus.receiptQueue", "receipt_queue",
                  value_kind::text, 1, 50},
    carried_value{service::dpe, "difi.move.nextmove.serviceBus.batchRead", "transport",
                  value_kind::flag},
    carried_value{service::dpfio, "difi.move.fiks.io.integrasjons-id", "integration_id"},
    carried_value{service::dpfio, "difi.move.fiks.io.integrasjons-passord", "integration_password",
                  value_kind::secret},
    carried_value{service::dpfio, "difi.move.fiks.io.sender-orgnr", "fallback_sender",
                  value_kind::text, 9, 9},
    carried_value{service::dpfio, "difi.move.fiks.io.upload-size-limit", "upload_size_limit",
                  value_kind::size, 1024, 5120 * megabyte},
    carried_value{service::dpfio, "difi.move.fiks.io.default-ttl-hours", "default_ttl_hours",
                  value_kind::whole, 1, 8760, general_ttl},
    carried_value{service::dph, "difi.move.dph.oidc.clientId", "client_id"},
    carried_value{service::dph, "difi.move.feature.enableReceipts", "automatic_receipts",
                  value_kind::off},
};

// What the hub has when nothing is written, as a property would say it.
std::string usual_of(const carried_value& one) {
  const tenants::dpv_settings dpv;
  const std::string key(one.key);
  if (key == "notify_email" || key == "notify_sms" || key == "due_date") return "true";
  if (key == "email_subject") return dpv.email_subject;
  if (key == "notification_text") return dpv.notification_text;
  if (key == "sensitive_notification_text") return dpv.sensitive_notification_text;
  if (key == "sensitive_resource") return dpv.sensitive_resource;
  if (key == "days_to_reply") return std::to_string(dpv.days_to_reply);
  if (key == "upload_size_limit") return one.of == service::dpfio ? "2GB" : "250MB";
  if (key == "fallback_sender") return tenants::dpfio_settings().fallback_sender;
  if (key == "automatic_receipts") return "true";
  if (key == "default_ttl_hours") return "24";
  if (key == "language") return "NO";
  if (key == "mode") return "innsyn";
  if (key == "transport") return "false";
  return "";
}

bool uses(const channel_draft& channel, service which) {
  return channel.sends.contains(which) || channel.receives.contains(which);
}

class carrier {
 public:
  carrier(merged& made, organisation_id id, const std::vector<std::unique_ptr<installation>>& from,
          const import_request& request, findings& report)
      : made_(made), id_(id), from_(from), request_(request), report_(report) {}

  void carry(const carried_value& one) {
    installation* first = nullptr;
    std::string chosen;
    for (std::size_t i = 0; i < from_.size(); ++i) {
      if (!uses(made_.draft.channels[i], one.of)) continue;
      const auto said = value_in(*from_[i], one);
      if (!first) {
        first = from_[i].get();
        chosen = said;
      } else if (said != chosen) {
        const auto& stated = from_[i]->find(one.property) ? *from_[i] : *first;
        stated.report(report_, kind::problem, one.property,
                      fmt::format("channels \"{}\" and \"{}\" differ, and the organisation has one "
                                  "for all",
                                  first->channel(), from_[i]->channel()),
                      fmt::format("That of \"{}\" was taken: \"{}\".", first->channel(),
                                  shown(one.property, chosen)));
      }
    }
    if (!first || chosen.empty() || chosen == usual_of(one)) return;
    auto value =
        one.is == value_kind::secret ? as_secret(one, *first, chosen) : as_setting(one, chosen);
    if (value) {
      made_.draft.values[one.of].push_back({one.key, *std::move(value)});
      return;
    }
    const char* named = one.general && !first->find(one.property) ? one.general : one.property;
    first->report(report_, kind::problem, named,
                  fmt::format("services.{}.{} of the hub cannot be \"{}\"",
                              to_lower(to_string(one.of)), one.key, chosen),
                  "It was left at its default.");
  }

 private:
  static std::string value_in(installation& whose, const carried_value& one) {
    if (one.is == value_kind::flag || one.is == value_kind::off) {
      const bool usual = usual_of(one) == "true";
      return whose.flag(one.property, usual) ? "true" : "false";
    }
    if (one.is == value_kind::secret) return whose.exact(one.property).value_or("");
    auto said = whose.text(one.property);
    if (one.general) {
      const auto fallback = whose.text(one.general);  // counts as carried over
      if (!said) said = fallback;
    }
    auto text = said.value_or(usual_of(one));
    return one.is == value_kind::word ? to_lower(text) : text;
  }

  std::optional<setting_value> as_secret(const carried_value& one, const installation& whose,
                                         const std::string& said) {
    const auto file =
        fmt::format("{}-{}-integration.password", id_.to_string(), to_lower(to_string(one.of)));
    return setting_value(
        secret_setting{keep_secret(made_, request_, whose, one.property, file, said, report_)});
  }

  static std::optional<setting_value> as_setting(const carried_value& one,
                                                 const std::string& said) {
    const std::string key(one.key);
    switch (one.is) {
      case value_kind::flag:
        if (key == "transport") return setting_value(std::string("amqp"));
        return setting_value(said == "true");
      case value_kind::off:
        return setting_value(said != "true");
      case value_kind::whole: {
        std::int64_t number = 0;
        const auto [end, failed] = std::from_chars(said.data(), said.data() + said.size(), number);
        if (failed != std::errc() || end != said.data() + said.size() || number < one.lowest ||
            number > one.highest)
          return {};
        return setting_value(number);
      }
      case value_kind::size: {
        const auto bytes = size_of(said);
        if (!bytes || *bytes < static_cast<std::uint64_t>(one.lowest) ||
            *bytes > static_cast<std::uint64_t>(one.highest))
          return {};
        return setting_value(as_size(*bytes));
      }
      case value_kind::word:
        if (said != "innsyn" && said != "data" && said != "meeting") return {};
        return setting_value(said);
      case value_kind::text:
      case value_kind::secret:
        break;
    }
    const auto length = static_cast<std::int64_t>(said.size());
    if (one.highest > 0 && (length < one.lowest || length > one.highest)) return {};
    return setting_value(said);
  }

  merged& made_;
  organisation_id id_;
  const std::vector<std::unique_ptr<installation>>& from_;
  const import_request& request_;
  findings& report_;
};

}  // namespace

void carry_service_values(merged& made, organisation_id id,
                          const std::vector<std::unique_ptr<installation>>& from,
                          const import_request& request, findings& report) {
  carrier all(made, id, from, request, report);
  for (const auto& one : values) all.carry(one);
}

}  // namespace kp::importer
