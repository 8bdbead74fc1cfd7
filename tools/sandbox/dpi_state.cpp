#include "tools/sandbox/dpi_state.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr auto certificate_life = std::chrono::hours(24 * 3650);
constexpr std::string_view usual_provider = "984661185";

json::object party(const std::string& number) {
  return {{"identifier",
           json::object{{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + number}}}};
}

std::string milliseconds(time_point at) {
  auto text = utc_timestamp(at);  // microseconds and +00:00
  return text.erase(23, 3);
}

}  // namespace

result<issued_certificate> dpi_state::make_certificate(std::string_view number,
                                                       const char* name) const {
  const auto now = time_.now();
  return ca_.issue({std::string(number), name}, now - std::chrono::hours(24),
                   now + certificate_life);
}

result<const issued_certificate*> dpi_state::mailbox() {
  if (!mailbox_) {
    KP_TRY(mailbox_, make_certificate(usual_provider, "Sandbox mailbox provider"));
  }
  return &*mailbox_;
}

result<const issued_certificate*> dpi_state::printer() {
  if (!printer_) {
    KP_TRY(printer_, make_certificate(printer_number, "Sandbox printer"));
  }
  return &*printer_;
}

result<void> dpi_state::accept(shipment made) {
  const auto fits = [&](const dpi_rule& rule) {
    return made.mailbox.starts_with(rule.mailbox) && made.title.starts_with(rule.title);
  };
  const auto rule = std::ranges::find_if(rules, fits);
  const auto how = rule == rules.end() ? dpi_rule{} : *rule;
  for (const auto& status : how.statuses) made.statuses.push_back({status, time_.now(), {}});
  const auto id = made.id;
  order_.push_back(id);
  const auto& kept = shipments_.insert_or_assign(id, std::move(made)).first->second;
  if (!kept.faults.empty()) {
    receipt_form refusal;
    refusal.type = "feil";
    refusal.text = kept.faults.front();
    KP_TRY(const auto* made_receipt, add_receipt(kept, refusal));
    static_cast<void>(made_receipt);
    return {};
  }
  for (const auto& type : how.receipts) {
    receipt_form form;
    form.type = type;
    KP_TRY(const auto* made_receipt, add_receipt(kept, form));
    static_cast<void>(made_receipt);
  }
  return {};
}

shipment* dpi_state::find(std::string_view id) {
  const auto at = shipments_.find(std::string(id));
  return at == shipments_.end() ? nullptr : &at->second;
}

std::vector<const shipment*> dpi_state::shipments() const {
  std::vector<const shipment*> out;
  for (const auto& id : order_) out.push_back(&shipments_.at(id));
  return out;
}

json::object dpi_state::receipt_document(const shipment& of, const receipt_form& form,
                                         const std::string& id) {
  const auto provider =
      of.type == "utskrift" ? std::string(printer_number) : std::string(usual_provider);
  const auto now = milliseconds(time_.now());
  json::array scopes;
  scopes.push_back(json::object{
      {"type", "ConversationId"},
      {"instanceIdentifier", form.conversation.empty() ? of.conversation : form.conversation},
      {"identifier",
       fmt::format("urn:fdc:digdir.no:2020:profile:egovernment:innbyggerpost:{}:ver1.0", of.type)},
      {"scopeInformation", json::array{}}});
  json::object header{
      {"headerVersion", "1.0"},
      {"sender", json::array{party(provider)}},
      {"receiver", json::array{party(of.account)}},
      {"documentIdentification",
       json::object{
           {"standard", fmt::format("urn:fdc:digdir.no:2020:innbyggerpost:xsd::Innbyggerpost##urn:"
                                    "fdc:digdir.no:2020:innbyggerpost:schema:{}::1.0",
                                    form.type)},
           {"typeVersion", "1.0"},
           {"instanceIdentifier", id},
           {"type", form.type},
           {"creationDateAndTime", now}}},
      {"businessScope", json::object{{"scope", std::move(scopes)}}}};
  const auto organisation = [](const std::string& number) {
    return json::object{
        {"virksomhetsidentifikator",
         json::object{{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + number}}}};
  };
  json::object body{{"avsender", organisation(provider)},
                    {"mottaker", organisation(of.consumer)},
                    {"tidspunkt", now}};
  if (form.type == "feil") {
    body["feiltype"] = "KLIENT";
    body["detaljer"] = form.text.empty() ? "The mailbox is closed." : form.text;
  }
  if (form.type == "varslingfeiletkvittering") {
    body["varslingskanal"] = "epost";
    body["beskrivelse"] = form.text.empty() ? "No such address." : form.text;
  }
  if (form.invalid) body["maskinportentoken"] = "does not belong here";
  return {{"standardBusinessDocument",
           json::object{{"standardBusinessDocumentHeader", std::move(header)},
                        {form.type, std::move(body)}}}};
}

result<const issued_certificate*> dpi_state::signer_of(const shipment& of,
                                                       const receipt_form& form) {
  if (form.stray) {
    if (!stray_) {
      KP_TRY(const auto other, certificate_authority::make(time_.now()));
      KP_TRY(stray_, other.issue({"999999999", "Nobody"}, time_.now() - std::chrono::hours(24),
                                 time_.now() + certificate_life));
    }
    return &*stray_;
  }
  if (form.second) {
    if (!second_) {
      KP_TRY(second_, make_certificate(usual_provider, "Sandbox mailbox provider, renewed"));
    }
    return &*second_;
  }
  return of.type == "utskrift" ? printer() : mailbox();
}

result<const dpi_receipt*> dpi_state::add_receipt(const shipment& of, const receipt_form& form) {
  if (receipts_.size() >= max_receipts)
    return permanent(sandbox_errc::invalid_request, "there are too many receipts already");
  KP_TRY(const auto* signer, signer_of(of, form));
  dpi_receipt made;
  made.id = random_.uuid();
  const auto document = receipt_document(of, form, made.id);
  const json::object header{{"x5c", json::array{to_base64(signer->certificate.der())}},
                            {"alg", fmt::format("RS{}", form.bits)}};
  const auto input =
      to_base64url(json::serialize(header)) + "." + to_base64url(json::serialize(document));
  auto signature = signer->key.sign(input, form.bits);
  if (form.wrong_signature) signature.front() = static_cast<char>(signature.front() ^ 1);
  made.jws = input + "." + to_base64url(signature);
  made.signer = signer->certificate.pem();
  made.type = form.type;
  made.conversation = form.conversation.empty() ? of.conversation : form.conversation;
  made.account = of.account;
  made.channel = of.channel;
  made.sender_id = of.sender_id;
  receipts_.push_back(std::move(made));
  return &receipts_.back();
}

std::vector<const dpi_receipt*> dpi_state::inbox(const inbox_filter& wanted) const {
  std::vector<const dpi_receipt*> out;
  std::size_t skipped = 0;
  for (const auto& each : receipts_) {
    if (each.read || each.account != wanted.account ||
        (wanted.channel && !equals_ignoring_case(each.channel, *wanted.channel)) ||
        (wanted.sender_id && each.sender_id != *wanted.sender_id))
      continue;
    if (skipped++ < wanted.page * wanted.page_size) continue;
    if (out.size() == wanted.page_size) break;
    out.push_back(&each);
  }
  return out;
}

dpi_receipt* dpi_state::unread(std::string_view id, std::string_view account) {
  const auto at = std::ranges::find_if(receipts_, [&](const dpi_receipt& each) {
    return each.id == id && each.account == account && !each.read;
  });
  return at == receipts_.end() ? nullptr : &*at;
}

void dpi_state::clear() {
  shipments_.clear();
  order_.clear();
  receipts_.clear();
  rules.clear();
}

}  // namespace kp::sandbox
