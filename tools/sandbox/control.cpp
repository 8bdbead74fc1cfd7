#include "tools/sandbox/control.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/dph_control.hpp"
#include "tools/sandbox/dpi_control.hpp"
#include "tools/sandbox/initialize_body.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view default_file_name = "sbd.zip";
constexpr std::int64_t longest_advance = 10LL * 365 * 24 * 3600;
constexpr std::int64_t longest_skew = 24 * 3600;

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

response refusal(const error& why) {
  const bool asked_wrong =
      why.code == config_errc::invalid_value || why.code == sandbox_errc::invalid_request;
  const unsigned status = why.code == sandbox_errc::not_found ? 404 : asked_wrong ? 400 : 500;
  return json_answer(status, {{"error", why.message}});
}

// The bytes to inject: {"content": Base64}, or {"entries": [{"name", "text" | "json" | "base64"}]}
// for a ZIP made here.
result<std::string> content_of(const json::object& body) {
  if (body.contains("content")) {
    auto bytes = from_base64(text_at(body, "content"));
    if (!bytes) return invalid("content: this is no Base64");
    return *std::move(bytes);
  }
  const auto* list = array_at(body, "entries");
  if (!list) return invalid("content or entries is missing");
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& value : *list) {
    const auto* entry = value.if_object();
    const auto name = entry ? text_at(*entry, "name") : std::string();
    if (name.empty()) return invalid("entries: each has a name");
    if (const auto* inner = entry->if_contains("json")) {
      entries.emplace_back(name, json::serialize(*inner));
    } else if (entry->contains("base64")) {
      auto bytes = from_base64(text_at(*entry, "base64"));
      if (!bytes) return invalid(fmt::format("entries: {} is no Base64", name));
      entries.emplace_back(name, *std::move(bytes));
    } else {
      entries.emplace_back(name, text_at(*entry, "text"));
    }
  }
  return make_zip(entries);
}

}  // namespace

response control_api::handle(const request& call) {
  constexpr std::string_view prefix = "/control";
  const auto path = std::string_view(call.path).substr(prefix.size());
  if (call.method == "GET" && path == "/ca.pem") {
    response out;
    out.headers.emplace_back("Content-Type", "application/x-pem-file");
    out.body = all_.ca.root().pem() + "\n";
    return out;
  }
  constexpr std::string_view content_suffix = "/content";
  constexpr std::string_view transfers_prefix = "/transfers/";
  if (call.method == "GET" && path.starts_with(transfers_prefix) && path.ends_with(content_suffix))
    return content(path.substr(transfers_prefix.size(),
                               path.size() - transfers_prefix.size() - content_suffix.size()));
  auto answered = answer_json(call, path);
  if (!answered) return refusal(answered.error());
  return json_answer(200, *answered);
}

control_api::answer control_api::answer_json(const request& call, std::string_view path) {
  const bool get = call.method == "GET", post = call.method == "POST",
             remove = call.method == "DELETE";
  json::object body;
  if (post && !call.body.empty()) {
    boost::system::error_code ec;
    auto value = json::parse(call.body, ec);
    if (ec || !value.is_object()) return invalid("the body is no JSON object");
    body = std::move(value.get_object());
  }
  if (path == "/organisations" && get) return organisations();
  if (path == "/organisations" && post) return register_organisation(body);
  if (path == "/systemusers" && post) {
    KP_TRY(json::value made, all_.known.register_system_user(body, *all_.random));
    KP_CHECK(changed_());
    return made;
  }
  if (path == "/delegations" && post) {
    KP_CHECK(all_.known.register_delegation(body));
    KP_CHECK(changed_());
    return json::value(json::object{});
  }
  if (path == "/transfers" && get) return transfers(call);
  if (path == "/transfers" && post) return inject(body);
  if (path == "/faults" && get) return json::value(all_.faults.describe());
  if (path == "/faults" && post) {
    KP_TRY(const auto id, all_.faults.add(body));
    return json::value(json::object{{"id", id}});
  }
  if (path == "/faults" && remove) {
    all_.faults.clear();
    return json::value(json::object{});
  }
  if (path == "/counters" && get) return json::value(all_.counters.describe());
  if (path == "/counters" && remove) {
    all_.counters.clear();
    return json::value(json::object{});
  }
  constexpr std::string_view webhooks = "/webhooks/";
  if (path.starts_with(webhooks) && get)
    return json::value(all_.subscribed.describe(path.substr(webhooks.size())));
  if (path == "/webhooks" && remove) {
    all_.subscribed.clear();
    return json::value(json::object{});
  }
  if (path == "/ca" && (get || post || remove)) return all_.authority.answer(call, body);
  if (path == "/citizens" && post) {
    KP_TRY(json::value made, all_.residents.add(body));
    return made;
  }
  constexpr std::string_view dpi = "/dpi";
  if (path == dpi || path.starts_with("/dpi/"))
    return control_dpi(all_.digital_post, all_.time, call, path.substr(dpi.size()), body);
  constexpr std::string_view dph = "/dph";
  if (path == dph || path.starts_with("/dph/"))
    return control_dph(all_.health, call, path.substr(dph.size()), body);
  constexpr std::string_view fiks_io = "/fiks-io";
  if (path == fiks_io || path.starts_with("/fiks-io/"))
    return all_.fiks_peers.answer(call, path.substr(fiks_io.size()), body);
  if (path == "/status-service") return all_.statuses.control(call, body);
  if (path.starts_with("/svarut/") || path.starts_with("/svarinn/"))
    return all_.ks.control(call, body);
  if (path == "/grants" && get) {
    json::array list;
    for (const auto& grant : all_.tokens.grants()) list.emplace_back(grant);
    return json::value(std::move(list));
  }
  if (path == "/clock" && (get || post)) return move_clock(body);
  if (path == "/broker" && (get || post)) return set_broker(body);
  if (path.starts_with("/servicebus")) return all_.bus_control.answer(call, path, body);
  constexpr std::string_view correspondence = "/correspondence";
  if (path.starts_with(correspondence))
    return all_.post.control(call, path.substr(correspondence.size()), body);
  if (path == "/maskinporten" && post) return set_maskinporten(body);
  if (path == "/registry/rotate" && post) {
    KP_CHECK(all_.registry.rotate_key());
    return json::value(json::object{});
  }
  return permanent(sandbox_errc::not_found,
                   fmt::format("{} /control{} is no control call", call.method, path));
}

control_api::answer control_api::register_organisation(const json::object& body) {
  KP_TRY(json::value made,
         all_.known.register_organisation(body, all_.ca, all_.time.now(), *all_.random));
  KP_CHECK(changed_());
  return made;
}

control_api::answer control_api::organisations() const {
  json::array out;
  for (const auto& [number, known] : all_.known.organisations())
    out.push_back({{"number", number},
                   {"name", known.name},
                   {"processes", known.processes.size()},
                   {"certificate", known.certificate->pem()}});
  return json::value(std::move(out));
}

control_api::answer control_api::inject(const json::object& body) {
  transfer made;
  const auto sender = organisation_in(text_at(body, "sender"));
  const auto to = organisation_in(text_at(body, "recipient"));
  if (!sender || !to) return invalid("sender and recipient are like 0192:910077473");
  made.sender = *sender;
  recipient receiver;
  receiver.organisation = *to;
  made.recipients.push_back(std::move(receiver));
  // Without a reference it is a UUID, as the access points send; null stays null.
  const auto* reference = body.if_contains("reference");
  if (!reference)
    made.reference = all_.random->uuid();
  else if (reference->is_string())
    made.reference = std::string(reference->get_string());
  else if (!reference->is_null())
    return invalid("reference: a string, or null");
  made.resource =
      body.contains("resourceId") ? text_at(body, "resourceId") : all_.broker.resource();
  made.file_name = body.contains("fileName") ? text_at(body, "fileName") : default_file_name;
  const auto age = number_at(body, "ageSeconds").value_or(0);
  if (age < 0 || age > longest_advance) return invalid("ageSeconds: not negative");
  made.created = all_.time.broker_now() - std::chrono::seconds(age);
  KP_TRY(const auto bytes, content_of(body));
  KP_TRY(const auto* added, all_.transfers.inject(std::move(made), bytes));
  return json::value(describe(*added, true));
}

control_api::answer control_api::transfers(const request& call) {
  const auto organisation = call.parameter("organisation");
  const auto status = call.parameter("status");
  json::array out;
  for (const auto* each : all_.transfers.all()) {
    if (organisation && each->sender != *organisation && !each->find(*organisation)) continue;
    if (status && *status != to_string(each->status())) continue;
    auto shown = describe(*each, true);
    shown["initialize"] = each->initialize_body;
    out.push_back(std::move(shown));
  }
  return json::value(std::move(out));
}

control_api::answer control_api::move_clock(const json::object& body) {
  const auto by = number_at(body, "advanceSeconds").value_or(0);
  if (by < 0 || by > longest_advance) return invalid("advanceSeconds: 0 to ten years");
  const auto skew = number_at(body, "skewSeconds");
  if (skew && (*skew < -longest_skew || *skew > longest_skew))
    return invalid("skewSeconds: a day at most, either way");
  if (skew) all_.time.skew(std::chrono::seconds(*skew));
  const auto only = text_at(body, "only");
  if (only == "broker")
    all_.time.advance_broker(std::chrono::seconds(by));
  else if (only.empty())
    all_.time.advance(std::chrono::seconds(by));
  else
    return invalid("only: \"broker\", or left out");
  return json::value(json::object{{"now", utc_timestamp(all_.time.now())},
                                  {"brokerNow", utc_timestamp(all_.time.broker_now())}});
}

control_api::answer control_api::set_broker(const json::object& body) {
  auto& settings = all_.transfers.settings;
  auto& limits = all_.broker.limits;
  if (const auto delay = number_at(body, "scanDelayMs"))
    settings.scan_delay = std::chrono::milliseconds(std::max<std::int64_t>(*delay, 0));
  if (const auto bytes = number_at(body, "maxBytes"))
    settings.max_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(*bytes, 0));
  if (const auto quota = number_at(body, "searchQuota"))
    limits.search_quota = static_cast<std::size_t>(std::max<std::int64_t>(*quota, 0));
  if (const auto quota = number_at(body, "otherQuota"))
    limits.other_quota = static_cast<std::size_t>(std::max<std::int64_t>(*quota, 0));
  if (const auto* on = body.if_contains("rateLimits")) {
    if (!on->is_bool() && text_at(body, "rateLimits") != "on" &&
        text_at(body, "rateLimits") != "off")
      return invalid("rateLimits: on or off");
    limits.on = on->is_bool() ? on->get_bool() : text_at(body, "rateLimits") == "on";
    limits.clear();
  }
  return json::value(json::object{{"scanDelayMs", settings.scan_delay.count()},
                                  {"maxBytes", settings.max_bytes},
                                  {"rateLimits", limits.on ? "on" : "off"},
                                  {"searchQuota", limits.search_quota},
                                  {"otherQuota", limits.other_quota}});
}

control_api::answer control_api::set_maskinporten(const json::object& body) {
  const auto seconds = number_at(body, "tokenLifetimeSeconds").value_or(0);
  if (seconds < 1 || seconds > 3600) return invalid("tokenLifetimeSeconds: 1 to 3600");
  all_.tokens.set_lifetime(std::chrono::seconds(seconds));
  return json::value(json::object{{"tokenLifetimeSeconds", seconds}});
}

response control_api::content(std::string_view id) {
  const auto* found = all_.transfers.find(id);
  if (!found || !found->content)
    return json_answer(404, {{"error", "no such transfer, or nothing is kept of it"}});
  auto file = stored_file::open(found->content);
  if (!file) return refusal(file.error());
  response out;
  out.headers.emplace_back("Content-Type", "application/octet-stream");
  out.file = std::move(*file);
  out.length = found->size;
  return out;
}

}  // namespace kp::sandbox
