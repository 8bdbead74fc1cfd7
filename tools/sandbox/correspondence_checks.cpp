#include "tools/sandbox/correspondence_checks.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view resource_prefix = "eformidling-dpv-";
constexpr std::size_t max_attachments = 100;
constexpr std::array<std::string_view, 20> extensions{
    ".doc", ".xls", ".docx", ".xlsx", ".ppt", ".pps", ".zip",  ".pdf", ".html", ".txt",
    ".xml", ".jpg", ".jpeg", ".gif",  ".bmp", ".png", ".json", ".csv", ".dcm",  ".dicom"};

bool is_guid(const std::string& text) {
  static const std::regex form(
      "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
  return std::regex_match(text, form);
}

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> allowed) {
  return std::ranges::find(allowed, text) != allowed.end();
}

// Characters, not bytes.
std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }));
}

// HTML or Markdown where plain text is wanted.
bool is_plain(const std::string& text) {
  static const std::regex markup(R"(<[a-zA-Z/!][^>]*>|\*\*|__|^#{1,6} |\[[^\]]*\]\()");
  return !std::regex_search(text, markup);
}

// The checks, one member function a step; the first refusal is the answer.
class judge {
 public:
  judge(const request& call, const correspondence_state& state, const directory& known,
        time_point now)
      : call_(call), settings_(state.settings), state_(state), known_(known), now_(now) {}

  std::variant<correspondence, response> run() {
    const auto type = call_.header("content-type").value_or("");
    if (!type.starts_with("multipart/form-data"))
      return correspondence_problem(415, 0, "Unsupported Media Type");
    auto parts = parse_upload(type, call_.body);
    if (!parts) return correspondence_problem(400, 0, "The form cannot be read");
    made_.parts = *std::move(parts);
    fields_.emplace(made_.parts);
    for (const auto step : {&judge::model, &judge::key, &judge::resource, &judge::recipient,
                            &judge::texts, &judge::dates, &judge::notification, &judge::files})
      if (auto refused = (this->*step)()) return *std::move(refused);
    made_.headers = call_.headers;
    return std::move(made_);
  }

 private:
  using refusal = std::optional<response>;
  std::string at(std::string_view name) const {
    return fields_->at("correspondence." + std::string(name));
  }
  static refusal no(unsigned status, int code, std::string_view detail) {
    return correspondence_problem(status, code, detail);
  }

  refusal model() {
    json::object errors;
    const auto wrong = [&](std::string_view field, std::string_view why) {
      errors[field] = json::array{json::string(why)};
    };
    const auto sized = [&](std::string_view field, std::size_t least, std::size_t most) {
      const auto many = length(at(field));
      if (many < least || many > most)
        wrong(field, fmt::format("The length must be {} to {}", least, most));
    };
    sized("resourceId", 1, 255);
    sized("sendersReference", 1, 4096);
    sized("messageSender", 0, 255);
    for (const auto* flag : {"isConfirmationNeeded", "isConfidential", "ignoreReservation",
                             "notification.sendReminder"})
      if (!is_one_of(to_lower(at(flag)), {"", "true", "false"})) wrong(flag, "not a boolean");
    for (const auto* time : {"requestedPublishTime", "dueDateTime"})
      if (!at(time).empty() && !parse_timestamp_with_offset(at(time))) wrong(time, "not a time");
    if (!is_one_of(at("notification.notificationChannel"),
                   {"", "Email", "Sms", "EmailPreferred", "SmsPreferred", "EmailAndSms"}))
      wrong("notification.notificationChannel", "not a channel");
    if (fields_->members("correspondence.propertyList") > 10) wrong("propertyList", "too many");
    if (fields_->count("recipients") == 0 || !recipient_in(fields_->at("recipients[0]")))
      wrong("recipients", "at least one recipient as a URN is required");
    if (const auto given = fields_->find("idempotentKey"); given && !is_guid(*given))
      wrong("idempotentKey", "not a GUID");
    if (errors.empty()) return {};
    return json_answer(400,
                       {{"type", "https://tools.ietf.org/html/rfc9110#section-15.5.1"},
                        {"title", "One or more validation errors occurred."},
                        {"status", 400},
                        {"errors", std::move(errors)}},
                       "application/problem+json");
  }

  refusal key() {
    made_.key = to_lower(fields_->at("idempotentKey"));
    if (made_.key.empty()) return {};
    if (state_.key_used(made_.key))
      return no(409, 1034, "A correspondence with the same idempotent key already exists");
    if (fields_->count("recipients") > 1)
      return no(400, 1047, "Idempotency key is not allowed with several recipients");
    return {};
  }

  refusal resource() {
    made_.resource = at("resourceId");
    made_.reference = at("sendersReference");
    if (!made_.resource.starts_with(resource_prefix) ||
        settings_.unknown_resources.contains(made_.resource))
      return no(400, 1036, "The resource does not exist");
    const bool flagged = to_lower(at("isConfidential")) == "true";
    const bool needed = made_.resource == confidential_resource;
    if (needed && !flagged) return no(400, 1060, "A confidential resource needs isConfidential");
    if (!needed && flagged) return no(400, 1061, "The resource is not a confidential one");
    return {};
  }

  refusal recipient() {
    made_.recipient = fields_->at("recipients[0]");
    const auto to = *recipient_in(made_.recipient);
    const bool there =
        to.person ? settings_.persons.contains(to.number) : known_.find(to.number) != nullptr;
    if (!there)
      return no(404, 1029, fmt::format("Could not find the recipient {}", made_.recipient));
    if (settings_.reserved.contains(to.number) && to_lower(at("ignoreReservation")) != "true")
      return no(422, 1030, "The recipient has reserved themselves against digital letters");
    if (made_.resource == confidential_resource && settings_.without_role.contains(to.number))
      return no(400, 1044, fmt::format("Lacks the required roles: {}", made_.recipient));
    return {};
  }

  refusal texts() {
    const auto title = at("content.messageTitle"), body = at("content.messageBody");
    const auto summary = fields_->find("correspondence.content.messageSummary");
    if (title.empty()) return no(400, 1020, "The title is empty");
    if (length(title) > 255) return no(400, 1037, "The title is too long");
    if (!is_plain(title)) return no(400, 1002, "The title is not plain text");
    if (summary && (summary->empty() || length(*summary) > 255))
      return no(400, 1042, "The summary has the wrong length");
    if (body.empty()) return no(400, 1021, "The body is empty");
    if (length(body) > 30'000) return no(400, 1022, "The body is too long");
    if (!is_plain(at("messageSender"))) return no(400, 1039, "The sender is not plain text");
    if (!is_one_of(at("content.language"), {"nb", "nn", "en"}))
      return no(400, 1023, "The language is none of nb, nn and en");
    return {};
  }

  refusal dates() {
    made_.publish_at = parse_timestamp_with_offset(at("requestedPublishTime")).value_or(now_);
    const auto due = parse_timestamp_with_offset(at("dueDateTime"));
    if (due && *due + std::chrono::hours(24) < now_) return no(400, 1008, "Due before today");
    if (due && *due < made_.publish_at) return no(400, 1009, "Due before it is published");
    return {};
  }

  refusal notification() {
    const auto by = at("notification.notificationChannel");
    if (by.empty()) return {};
    if (at("notification.notificationTemplate") != "CustomMessage") return {};
    const auto lacks = [&](const std::string& prefix) {
      const bool email =
          at("notification." + prefix + (prefix.empty() ? "emailSubject" : "EmailSubject"))
              .empty() ||
          at("notification." + prefix + (prefix.empty() ? "emailBody" : "EmailBody")).empty();
      const bool sms =
          at("notification." + prefix + (prefix.empty() ? "smsBody" : "SmsBody")).empty();
      return std::pair(email && by != "Sms", sms && by != "Email");
    };
    const bool both = by == "EmailAndSms";
    const auto [email, sms] = lacks("");
    if (email || sms) return no(400, both ? 3024 : email ? 3002 : 3004, "A text is missing");
    if (to_lower(at("notification.sendReminder")) == "true") {
      const auto [email_again, sms_again] = lacks("reminder");
      if (email_again || sms_again)
        return no(400,
                  both          ? 3025
                  : email_again ? 3003
                                : 3005,
                  "A text of the reminder is missing");
    }
    if (length(at("notification.emailSubject")) > 512 ||
        length(at("notification.emailBody")) > 10'000 || length(at("notification.smsBody")) > 2144)
      return no(400, 3024, "A text is too long");
    return {};
  }

  refusal files() {
    const std::string list = "correspondence.content.attachments";
    const auto announced = fields_->count(list);
    std::vector<const uploaded_part*> files;
    for (const auto& part : made_.parts)
      if (part.is_file) files.push_back(&part);
    if (files.size() > max_attachments) return no(400, 1038, "Too many attachments");
    if (files.size() != announced)
      return no(400, 1005, "Uploaded files does not match attachments metadata");
    for (std::size_t i = 0; i < announced; ++i) {
      const auto name = fields_->at(fmt::format("{}[{}].fileName", list, i));
      const auto file = std::ranges::find(files, name, &uploaded_part::filename);
      if (name.empty()) return no(400, 2010, "A file has no name");
      if (length(name) > 255) return no(400, 2011, "The name of a file is too long");
      if (name.find_first_of("<>:\"/\\|?*") != std::string::npos)
        return no(400, 2012, "The name of a file is invalid");
      if (file == files.end() || (*file)->name != "attachments")
        return no(400, 1005, "Uploaded files does not match attachments metadata");
      const auto dot = name.rfind('.');
      const auto ending = dot == std::string::npos ? "" : to_lower(name.substr(dot));
      if (std::ranges::find(extensions, ending) == extensions.end())
        return no(400, 2013, fmt::format("Files of type \"{}\" are not allowed", ending));
      if ((*file)->bytes.empty()) return no(400, 2004, "A file is empty, or too large");
    }
    return {};
  }

  const request& call_;
  const correspondence_settings& settings_;
  const correspondence_state& state_;
  const directory& known_;
  time_point now_;
  std::optional<form_fields> fields_;
  correspondence made_;
};

}  // namespace

response correspondence_problem(unsigned status, int code, std::string_view detail) {
  json::object body{{"type", "https://tools.ietf.org/html/rfc9110"},
                    {"title", status == 409 ? "Conflict" : "Bad Request"},
                    {"status", status},
                    {"detail", detail},
                    {"traceId", "00-sandbox-00"}};
  if (code != 0) {
    body["code"] = fmt::format("CORR-{:05}", code);
    body["errorCode"] = code;
  }
  return json_answer(status, std::move(body), "application/problem+json");
}

std::optional<altinn_recipient> recipient_in(std::string_view urn) {
  for (const auto& [prefix, digits, person] :
       {std::tuple{std::string_view("urn:altinn:organization:identifier-no:"), 9u, false},
        std::tuple{std::string_view("urn:altinn:person:identifier-no:"), 11u, true}}) {
    if (!urn.starts_with(prefix)) continue;
    const auto number = urn.substr(prefix.size());
    if (number.size() != digits ||
        !std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; }))
      return {};
    return altinn_recipient{std::string(number), person};
  }
  return {};
}

std::variant<correspondence, response> judge_upload(const request& call,
                                                    const correspondence_state& state,
                                                    const directory& known, time_point now) {
  return judge(call, state, known, now).run();
}

}  // namespace kp::sandbox
