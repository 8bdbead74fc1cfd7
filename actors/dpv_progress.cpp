#include "actors/dpv_progress.hpp"

#include "actors/generated_receipt.hpp"
#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/maskinporten/json.hpp"

#include <boost/json/serialize.hpp>

namespace kp::actors {

namespace {

using storage::status_change;
using storage::status_name;

constexpr std::string_view purged_text = "Melding slettet i Altinn, stopper polling.";
constexpr std::string_view arkivmelding_standard = "urn:no:difi:arkivmelding:xsd::arkivmelding";

// Its receipt, when there is to be one.
void add_receipt(const organisation_context& in, const message_id& message, progress& to) {
  if (!in.settings->dpv.generate_receipts) return;
  const auto about = in.conversations.find(direction::outgoing, message);
  if (!about || !*about || (*about)->document_type != arkivmelding_standard) return;
  auto made = make_arkivmelding_receipt(in, **about, status_name::levert);
  if (made) return to.arrivals.push_back(*std::move(made));
  log(log_level::error, "no receipt could be made: " + made.error().message,
      {{"organisation", in.id().to_string()},
       {"service", "DPV"},
       {"message_id", message.to_string()}});
}

}  // namespace

dpv::usage dpv_usage(const tenants::organisation& of) {
  const auto& s = of.dpv;
  dpv::usage use;
  use.own_number = of.id.to_string();
  use.sensitive_resource = s.sensitive_resource;
  use.notify_email = s.notify_email;
  use.notify_sms = s.notify_sms;
  use.notification_text = s.notification_text;
  use.sensitive_notification_text = s.sensitive_notification_text;
  use.email_subject = s.email_subject;
  use.due_date = s.due_date;
  use.days_to_reply = static_cast<int>(s.days_to_reply);
  return use;
}

progress dpv_progress(const organisation_context& in, const message_id& message,
                      const std::optional<dpv::overview>& seen) {
  const auto now = in.hub->time.now();
  progress said{message};
  const auto add = [&](status_name name, std::optional<std::string> description = {}) {
    said.statuses.push_back({name, std::move(description), {}, now});
  };
  if (!seen) {
    add(status_name::annet, std::string(purged_text));
    said.ended = true;
    return said;
  }
  if (seen->published) {
    add(status_name::levert);
    add_receipt(in, message, said);
  }
  if (seen->read) add(status_name::lest);
  const bool purged = seen->status.starts_with("PurgedBy");
  const bool failed = seen->status == "Failed" && !seen->published;
  if (purged) add(status_name::annet);
  if (failed) add(status_name::feil, mask_person_numbers(seen->status_text));
  said.ended = seen->read || purged || failed;
  return said;
}

std::string to_memo(const dpv_traces& t) {
  return boost::json::serialize(boost::json::object{
      {"resource", t.resource}, {"recipient", t.recipient}, {"sender", t.sender_number}});
}

std::optional<dpv_traces> parse_memo(std::string_view memo) {
  const auto value = json::parse(memo);
  if (!value) return std::nullopt;
  dpv_traces found{json::text(*value, "resource").value_or(""),
                   json::text(*value, "recipient").value_or(""),
                   json::text(*value, "sender").value_or("")};
  if (found.resource.empty()) return std::nullopt;
  return found;
}

bool is_own(const dpv::overview& seen, const message_id& message, const dpv_traces& traces) {
  return equals_ignoring_case(seen.senders_reference, message.to_string()) &&
         seen.recipient == traces.recipient && seen.sender_number == traces.sender_number;
}

}  // namespace kp::actors
