#include "config/text.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/svarut.hpp"
#include "tools/sandbox/svarut_cms.hpp"
#include "tools/sandbox/zip_file.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

// Of V9 and of REST v3 (dpf.md 6.2, 7.2).
constexpr std::array<std::string_view, 17> statuses{"MOTTATT",
                                                    "AKSEPTERT",
                                                    "AVVIST",
                                                    "FEILET_UNDER_MOTTAK",
                                                    "VARSLET",
                                                    "LEST",
                                                    "SENDT_PRINT",
                                                    "PRINTET",
                                                    "MANUELT_HANDTERT",
                                                    "SENDT_DIGITALT",
                                                    "SENDT_SDP",
                                                    "LEVERT_SDP",
                                                    "KLAR_FOR_MOTTAK",
                                                    "IKKE_LEVERT",
                                                    "SLETTET",
                                                    "SENDT_NHN_MOTTAKER",
                                                    "LEVERT_NHN_MOTTAKER"};

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

std::string text_or(const json::object& body, std::string_view name, std::string instead) {
  return body.contains(name) ? text_at(body, name) : instead;
}

}  // namespace

svarut::answer svarut::control(const request& call, const json::object& body) {
  const bool post = call.method == "POST", get = call.method == "GET";
  const auto path = std::string_view(call.path).substr(std::string_view("/control").size());
  if (post && path == "/svarut/senders") return add_sender(body);
  if (post && path == "/svarut/receivers") return add_receiver(body);
  if (post && path == "/svarut/status") return set_status(body);
  if (post && path == "/svarinn/items") return add_item(body);
  if (get && path == "/svarinn/items") return list_items();
  if (get && path == "/svarut/forsendelser") return list_sent();
  if (post && path == "/svarut/types") {
    state_.types = texts_at(body, "types");
    return json::value(json::object{});
  }
  return permanent(sandbox_errc::not_found,
                   fmt::format("{} {} is no control call", call.method, call.path));
}

// What is left out is made up, and answered.
svarut::answer svarut::add_sender(const json::object& body) {
  svarut_sender made;
  made.organisation = text_at(body, "organisation");
  if (!known_.find(made.organisation)) return invalid("organisation: it is not registered here");
  made.username = text_or(body, "username", "svarut-" + made.organisation);
  made.password = text_or(body, "password", to_base64url(random_.bytes(12)));
  made.account = text_or(body, "accountId", random_.uuid());
  made.integration = text_or(body, "integrationId", random_.uuid());
  made.integration_password = text_or(body, "integrationPassword", to_base64url(random_.bytes(12)));
  json::object told{
      {"organisation", made.organisation}, {"username", made.username},
      {"password", made.password},         {"accountId", made.account},
      {"integrationId", made.integration}, {"integrationPassword", made.integration_password}};
  state_.senders.insert_or_assign(made.organisation, std::move(made));
  return json::value(std::move(told));
}

svarut::answer svarut::add_receiver(const json::object& body) {
  svarinn_receiver made;
  for (auto& number : texts_at(body, "organisations")) made.organisations.insert(std::move(number));
  if (made.organisations.empty()) return invalid("organisations: name at least one");
  const auto& first = *made.organisations.begin();
  made.name = text_or(body, "name", "svarinn-" + first);
  made.type = text_at(body, "type");
  made.level = number_at(body, "level").value_or(4);
  made.username = text_or(body, "username", made.name);
  made.password = text_or(body, "password", to_base64url(random_.bytes(12)));
  if (const auto pem = text_at(body, "certificate"); !pem.empty())
    made.certificate = certificate::from_pem(pem);
  else if (const auto* owner = known_.find(first))
    made.certificate = owner->certificate;
  if (!made.certificate) return invalid("certificate: a PEM, or an organisation that has one here");
  json::object told{{"name", made.name}, {"username", made.username}, {"password", made.password}};
  state_.receivers.insert_or_assign(made.name, std::move(made));
  return json::value(std::move(told));
}

// {receiver, forsendelse, files: [{name, text | base64}] | content: Base64 of the download}.
svarut::answer svarut::add_item(const json::object& body) {
  svarinn_item made;
  made.receiver = text_at(body, "receiver");
  const auto receiver = state_.receivers.find(made.receiver);
  if (receiver == state_.receivers.end()) return invalid("receiver: there is no such system");
  const auto* entry = object_at(body, "forsendelse");
  if (!entry) return invalid("forsendelse: an entry of SvarInn's list is missing");
  made.entry = *entry;
  made.id = text_at(*entry, "id");
  if (!made.entry.contains("downloadUrl"))
    made.entry["downloadUrl"] =
        fmt::format("{}/tjenester/svarinn/forsendelse/{}", state_.base_url, made.id);
  if (body.contains("content")) {
    auto bytes = from_base64(text_at(body, "content"));
    if (!bytes) return invalid("content: this is no Base64");
    made.payload = *std::move(bytes);
  } else {
    const auto* files = array_at(body, "files");
    if (!files || files->empty()) return invalid("content or files is missing");
    std::vector<std::pair<std::string, std::string>> entries;
    for (const auto& each : *files) {
      const auto* file = each.if_object();
      if (!file) return invalid("files: each is {name, text | base64}");
      entries.emplace_back(text_at(*file, "name"),
                           file->contains("base64")
                               ? from_base64(text_at(*file, "base64")).value_or("")
                               : text_at(*file, "text"));
    }
    KP_TRY(const auto zip, make_zip(entries));
    KP_TRY(made.payload, make_cms(zip, *receiver->second.certificate));
  }
  KP_CHECK(state_.insert(std::move(made)));
  return json::value(json::object{});
}

svarut::answer svarut::set_status(const json::object& body) {
  auto* sent = state_.find(text_at(body, "id"));
  if (!sent) return permanent(sandbox_errc::not_found, "id: nothing was sent with it");
  const auto status = text_at(body, "status");
  if (std::ranges::find(statuses, status) == statuses.end())
    return invalid(fmt::format("status: \"{}\" is none of SvarUt's", status));
  sent->status = status;
  sent->changed = time_.now();
  return json::value(json::object{});
}

json::value svarut::list_sent() const {
  json::array out;
  for (const auto& sent : state_.all()) {
    json::array documents;
    for (const auto& document : sent.documents)
      documents.push_back({{"filename", document.filename},
                           {"mimeType", document.mime_type},
                           {"notPrinted", document.not_printed},
                           {"size", document.content.size()},
                           {"sha256", to_hex(sha256(document.content))}});
    out.push_back({{"id", sent.id},
                   {"externalReference", sent.external_reference},
                   {"sender", sent.sender},
                   {"receiver", sent.receiver},
                   {"title", sent.title},
                   {"type", sent.type},
                   {"replyTo", sent.reply_to},
                   {"level4", sent.level4},
                   {"digitalOnly", sent.digital_only},
                   {"metadata", sent.metadata},
                   {"repliesGoTo", sent.replies_go_to},
                   {"to", sent.to},
                   {"documents", std::move(documents)},
                   {"over", sent.over},
                   {"said", sent.said},
                   {"status", sent.status},
                   {"receiverSystem", sent.system}});
  }
  return out;
}

json::value svarut::list_items() const {
  json::array waiting;
  for (const auto& [name, receiver] : state_.receivers)
    for (const auto* item : state_.waiting(name, max_forsendelser))
      waiting.push_back({{"id", item->id}, {"receiver", name}});
  json::array receipts;
  for (const auto& receipt : state_.receipts()) receipts.emplace_back(receipt);
  return json::object{{"waiting", std::move(waiting)}, {"receipts", std::move(receipts)}};
}

}  // namespace kp::sandbox
