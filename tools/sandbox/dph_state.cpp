#include "tools/sandbox/dph_state.hpp"

#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr auto certificate_life = std::chrono::hours(24 * 3650);
constexpr std::string_view health_process = "urn:no:difi:profile:helse:helse:ver1.0";

json::array party(std::int64_t number) {
  return {json::object{{"identifier", json::object{{"value", fmt::format("her-id:{}", number)},
                                                   {"authority", "nhn-actorid"}}}}};
}

std::string conversation_of(const json::object& sbd) {
  boost::system::error_code ec;
  const json::value whole(sbd);
  const auto* found = whole.find_pointer(
      "/standardBusinessDocumentHeader/businessScope/scope/0/instanceIdentifier", ec);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

json::object dph_document(const dph_header& header, json::object body, const std::string& now,
                          const std::string& deadline) {
  json::array scopes;
  if (header.scopes) {
    scopes.push_back(json::object{
        {"type", "ConversationId"},
        {"instanceIdentifier", header.conversation.empty() ? header.message : header.conversation},
        {"identifier", health_process},
        {"scopeInformation", json::array{json::object{{"expectedResponseDateTime", deadline}}}}});
    if (!header.parent.empty())
      scopes.push_back(json::object{{"type", "ParentId"},
                                    {"instanceIdentifier", header.parent},
                                    {"identifier", health_process}});
  }
  json::object out{
      {"standardBusinessDocumentHeader",
       json::object{{"headerVersion", "1.0"},
                    {"sender", party(header.sender)},
                    {"receiver", party(header.receiver)},
                    {"documentIdentification",
                     json::object{{"standard", "urn:no:difi:helse:xsd::" + header.type},
                                  {"typeVersion", "2.0"},
                                  {"instanceIdentifier", header.message},
                                  {"type", header.type},
                                  {"creationDateAndTime", now}}},
                    {"businessScope", json::object{{"scope", std::move(scopes)}}}}}};
  out[header.type] = std::move(body);
  return out;
}

result<issued_certificate> dph_state::make_certificate(std::string_view number, const char* name,
                                                       const certificate_authority& by) const {
  const auto now = time_.now();
  return by.issue({std::string(number), name}, now - std::chrono::hours(24),
                  now + certificate_life);
}

result<const issued_certificate*> dph_state::own() {
  if (!own_) {
    KP_TRY(own_, make_certificate(adapter_number, "Sandbox NHN adapter", ca_));
  }
  return &*own_;
}

result<const issued_certificate*> dph_state::stray() {
  if (!stray_) {
    KP_TRY(const auto nobody, certificate_authority::make(time_.now()));
    KP_TRY(stray_, make_certificate(adapter_number, "Nobody's NHN adapter", nobody));
  }
  return &*stray_;
}

void dph_state::put(her_id one) {
  if (parties_.size() < max_her_ids || parties_.contains(one.number))
    parties_[one.number] = std::move(one);
}
void dph_state::put(patient one) {
  if (patients_.size() < max_her_ids || patients_.contains(one.number))
    patients_[one.number] = std::move(one);
}

const her_id* dph_state::find(std::int64_t number) const {
  const auto found = parties_.find(number);
  return found == parties_.end() ? nullptr : &found->second;
}
const patient* dph_state::find_patient(std::string_view number) const {
  const auto found = patients_.find(number);
  return found == patients_.end() ? nullptr : &found->second;
}

const her_id* dph_state::resolve(std::string_view identifier) const {
  constexpr std::string_view prefix = "her-id:", practitioner = "fastlege-for:";
  if (identifier.starts_with(practitioner)) {
    const auto* whose = find_patient(identifier.substr(practitioner.size()));
    return whose ? find(whose->practitioner) : nullptr;
  }
  if (!identifier.starts_with(prefix)) return nullptr;
  identifier.remove_prefix(prefix.size());
  std::int64_t number = 0;
  std::from_chars(identifier.data(), identifier.data() + identifier.size(), number);
  return find(number);
}

std::string dph_state::timestamp() const {
  return utc_timestamp(time_.now());
}

result<std::string> dph_state::deliver(health_message one) {
  if (messages_.size() >= max_health_messages)
    return permanent(sandbox_errc::invalid_request, "there are too many health messages");
  if (one.id.empty()) one.id = uuid();
  messages_.push_back(std::move(one));
  return messages_.back().id;
}

result<std::string> dph_state::accept(health_message one) {
  one.sent_here = true;
  const auto fits = [&](const dph_rule& rule) {
    return rule.receiver == 0 || rule.receiver == one.receiver;
  };
  const auto rule = std::ranges::find_if(rules, fits);
  KP_TRY(const auto id, deliver(std::move(one)));
  if (rule == rules.end()) return id;
  auto& kept = messages_.back();
  if (!rule->transport.empty()) kept.transport = rule->transport;
  if (rule->receipt.empty()) return id;
  const auto how = *rule;
  KP_TRY([[maybe_unused]] const auto receipt, answer(kept, how.receipt, how.remarks, {}));
  return id;
}

result<std::string> dph_state::answer(health_message& about, const std::string& status,
                                      const json::array& remarks, const std::string& raw) {
  about.receipt = status;
  health_message made;
  made.document = uuid();
  made.sender = about.receiver;
  made.receiver = about.sender;
  made.is_receipt = true;
  const json::object body{
      {"relatedToMessageId", about.document},
      {"status", status},
      {"messages", remarks},
      {"rawReceipt",
       raw.empty() ? fmt::format("<AppRec><Status DN=\"{}\"/></AppRec>", status) : raw}};
  const auto now = time_.now();
  made.sbd = dph_document({"dialogmelding_kvittering", made.document,
                           conversation_of(about.sent_sbd), "", made.sender, made.receiver, true},
                          body, utc_timestamp(now), utc_timestamp(now + std::chrono::hours(24)));
  return deliver(std::move(made));
}

health_message* dph_state::find_message(std::string_view id) {
  const auto found = std::ranges::find(messages_, id, &health_message::id);
  return found == messages_.end() ? nullptr : &*found;
}

health_message* dph_state::find_sent(std::string_view message) {
  for (auto it = messages_.rbegin(); it != messages_.rend(); ++it)
    if (it->sent_here && it->document == message) return &*it;
  return nullptr;
}

std::vector<const health_message*> dph_state::unread(std::int64_t receiver) const {
  std::vector<const health_message*> all;
  for (const auto& each : messages_)
    if (!each.read && each.receiver == receiver) all.push_back(&each);
  return all;
}

void dph_state::write(dph_request one) {
  journal.push_back(std::move(one));
  if (journal.size() > max_dph_journal) journal.pop_front();
}

void dph_state::clear() {
  messages_.clear();
  receipts.clear();
  rules.clear();
  journal.clear();
}

}  // namespace kp::sandbox
