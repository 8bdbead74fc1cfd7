#include "tools/sandbox/dph_control.hpp"

#include "config/text.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> transports{"", "UNCONFIRMED", "ACKNOWLEDGED", "REJECTED"};
constexpr std::array<std::string_view, 4> receipts{"", "OK", "REJECTED",
                                                   "OK_ERROR_IN_MESSAGE_PART"};
constexpr std::array<std::string_view, 5> ways_to_spoil{"", "tag", "signature", "stray",
                                                        "recipient"};
constexpr std::string_view usual_text =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<Dialogmelding xmlns=\"http://www.kith.no/xmlstds/dialog/2013-01-23\"><Notat>"
    "<TemaKodet V=\"6\" S=\"2.16.578.1.12.4.1.1.7322\" DN=\"Henvendelse om pasient\"/>"
    "<TekstNotatInnhold>En pr\xc3\xb8ve.</TekstNotatInnhold></Notat></Dialogmelding>";

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

bool flag(const json::object& body, std::string_view name, bool otherwise = false) {
  const auto* value = body.if_contains(name);
  return value && value->is_bool() ? value->get_bool() : otherwise;
}

template <class All>
result<std::string> one_of(const json::object& body, std::string_view name, const All& known) {
  auto text = text_at(body, name);
  if (std::ranges::find(known, text) == known.end())
    return invalid(fmt::format("{}: \"{}\" is not known", name, text));
  return text;
}

json::array names_of(const named_files& files) {
  json::array all;
  for (const auto& [name, bytes] : files)
    all.push_back(json::object{{"name", name}, {"base64", to_base64(bytes)}});
  return all;
}

json::value describe(const health_message& one) {
  return json::object{{"id", one.id},
                      {"messageId", one.document},
                      {"sender", one.sender},
                      {"receiver", one.receiver},
                      {"isAppRec", one.is_receipt},
                      {"read", one.read},
                      {"downloads", one.downloads},
                      {"sentHere", one.sent_here},
                      {"document", one.sent_here ? one.sent_sbd : one.sbd},
                      {"files", names_of(one.sent_here ? one.sent_files : one.files)},
                      {"transportStatus", one.transport},
                      {"apprecStatus", one.receipt}};
}

result<json::value> add_party(dph_state& state, const json::object& body) {
  her_id made;
  made.number = number_at(body, "herId").value_or(0);
  made.parent = number_at(body, "parentHerId").value_or(made.number + 1);
  made.owner = text_at(body, "organisation");
  made.name = text_at(body, "name");
  made.parent_name = text_at(body, "parentName");
  if (made.number <= 0 || made.parent <= 0) return invalid("herId: a positive number");
  if (made.owner.size() != 9) return invalid("organisation: nine digits");
  const auto number = made.number;
  state.put(std::move(made));
  return json::value(json::object{{"herId", number}});
}

result<json::value> add_patient(dph_state& state, const json::object& body) {
  patient made{text_at(body, "number"), text_at(body, "firstName"), text_at(body, "middleName"),
               text_at(body, "lastName"), number_at(body, "practitioner").value_or(0)};
  if (made.number.size() != 11) return invalid("number: eleven digits");
  if (!state.find(made.practitioner)) return invalid("practitioner: a HER-id that is known");
  state.put(std::move(made));
  return json::value(json::object{});
}

result<named_files> files_in(const json::object& body) {
  named_files files{{"dialogmelding.xml", std::string(usual_text)}};
  const auto* list = array_at(body, "files");
  if (!list) return files;
  for (const auto& each : *list) {
    const auto* file = each.if_object();
    const auto name = file ? text_at(*file, "name") : std::string();
    if (name.empty()) return invalid("files: each has a name");
    auto bytes = file->contains("base64") ? from_base64(text_at(*file, "base64"))
                                          : std::optional(text_at(*file, "text"));
    if (!bytes) return invalid("files: " + name + " is no Base64");
    if (name == "dialogmelding.xml")
      files.front().second = *std::move(bytes);
    else
      files.emplace_back(name, *std::move(bytes));
  }
  return files;
}

result<void> spoil(health_message& made, const json::object& body) {
  KP_TRY(made.spoilt, one_of(body, "spoilt", ways_to_spoil));
  if (const auto* why = object_at(body, "refuse")) {
    made.refused = static_cast<unsigned>(number_at(*why, "status").value_or(400));
    made.code = why->contains("code") ? text_at(*why, "code") : "X99";
    made.text = text_at(*why, "text");
  }
  return {};
}

// {"type" and its body} may be anything, so that unknown kinds can come too.
result<json::value> add_incoming(dph_state& state, const json::object& body) {
  health_message made;
  made.sender = number_at(body, "sender").value_or(0);
  made.receiver = number_at(body, "receiver").value_or(0);
  if (!state.find(made.receiver)) return invalid("receiver: a HER-id that is known");
  made.document = body.contains("messageId") ? text_at(body, "messageId") : state.uuid();
  KP_TRY(made.files, files_in(body));
  KP_CHECK(spoil(made, body));
  dph_header header;
  header.type = body.contains("type") ? text_at(body, "type") : "dialogmelding";
  header.message = made.document;
  header.conversation = text_at(body, "conversationId");
  header.parent = text_at(body, "parentId");
  header.sender = made.sender;
  header.receiver = made.receiver;
  header.scopes = flag(body, "scopes", true);
  json::object described;
  for (const auto& [name, bytes] : made.files)
    if (name != "dialogmelding.xml")
      described[name] = json::object{{"issueDate", "2026-01-02T03:04:05Z"}, {"description", name}};
  const auto deadline =
      body.contains("deadline") ? text_at(body, "deadline") : std::string("2099-01-01T00:00:00Z");
  made.sbd = dph_document(
      header,
      {{"hoveddokument", "dialogmelding.xml"},
       {"pasient", {{"fnr", "17912099997"}, {"fornavn", "Raff"}, {"etternavn", "Raffen"}}},
       {"metadataFiler", std::move(described)}},
      state.timestamp(), deadline);
  json::object answer{{"messageId", made.document}};
  KP_TRY(const auto id, state.deliver(std::move(made)));
  answer["id"] = id;
  return json::value(std::move(answer));
}

// A receipt about a message that a hub has sent; or, with sender and receiver, about none.
result<json::value> add_receipt(dph_state& state, const json::object& body) {
  KP_TRY(const auto status, one_of(body, "status", receipts));
  const auto* given = array_at(body, "messages");
  const auto remarks = given ? *given : json::array{};
  auto* about = state.find_sent(text_at(body, "about"));
  health_message stray;
  if (!about) {
    stray.document = text_at(body, "about");
    stray.sender = number_at(body, "receiver").value_or(0);
    stray.receiver = number_at(body, "sender").value_or(0);
    if (!state.find(stray.sender)) return invalid("about: a message that was sent");
    about = &stray;
  }
  KP_TRY(const auto id, state.answer(*about, status, remarks, text_at(body, "raw")));
  if (auto* made = state.find_message(id)) KP_CHECK(spoil(*made, body));
  return json::value(json::object{{"id", id}});
}

result<json::value> set_status(dph_state& state, const json::object& body) {
  auto* of = state.find_sent(text_at(body, "messageId"));
  if (!of) return permanent(sandbox_errc::not_found, "messageId: no such message");
  if (body.contains("transportStatus")) {
    KP_TRY(of->transport, one_of(body, "transportStatus", transports));
  }
  if (body.contains("apprecStatus")) {
    KP_TRY(of->receipt, one_of(body, "apprecStatus", receipts));
  }
  return describe(*of);
}

result<json::value> add_rule(dph_state& state, const json::object& body) {
  dph_rule made;
  made.receiver = number_at(body, "receiver").value_or(0);
  KP_TRY(made.transport, one_of(body, "transportStatus", transports));
  KP_TRY(made.receipt, one_of(body, "receipt", receipts));
  if (const auto* remarks = array_at(body, "messages")) made.remarks = *remarks;
  state.rules.push_back(std::move(made));
  return json::value(json::object{});
}

// What is spoilt can be mended, so that it is seen to come after all.
result<json::value> mend(dph_state& state, const json::object& body) {
  auto* of = state.find_message(text_at(body, "id"));
  if (!of) return permanent(sandbox_errc::not_found, "id: no such message");
  of->refused = 0;
  of->spoilt.clear();
  return describe(*of);
}

result<json::value> settings(dph_state& state, const json::object& body) {
  state.strict = flag(body, "strict", state.strict);
  const auto again = number_at(body, "readAgain").value_or(state.read_again);
  if (again != 200 && again != 404) return invalid("readAgain: 200 or 404");
  state.read_again = static_cast<unsigned>(again);
  return json::value(json::object{{"strict", state.strict}, {"readAgain", state.read_again}});
}

template <class List, class Describe>
json::value listed(const List& all, Describe one) {
  json::array out;
  for (const auto& each : all) out.push_back(one(each));
  return out;
}

}  // namespace

result<json::value> control_dph(dph_state& state, const request& call, std::string_view path,
                                const json::object& body) {
  const bool get = call.method == "GET", post = call.method == "POST";
  if (path.empty() && (get || post)) return settings(state, body);
  if (path.empty() && call.method == "DELETE") {
    state.clear();
    return json::value(json::object{});
  }
  if (path == "/herids" && post) return add_party(state, body);
  if (path == "/patients" && post) return add_patient(state, body);
  if (path == "/messages" && get)
    return listed(state.messages(), [](const auto& each) { return describe(each); });
  if (path == "/messages" && post) return add_incoming(state, body);
  if (path == "/mend" && post) return mend(state, body);
  if (path == "/receipts" && post) return add_receipt(state, body);
  if (path == "/receipts" && get)
    return listed(state.receipts, [](const given_receipt& each) {
      return json::object{{"about", each.about},
                          {"sender", each.sender},
                          {"receiver", each.receiver},
                          {"body", each.body}};
    });
  if (path == "/statuses" && post) return set_status(state, body);
  if (path == "/rules" && post) return add_rule(state, body);
  if (path == "/journal" && get)
    return listed(state.journal, [](const dph_request& each) {
      return json::object{{"method", each.method},
                          {"path", each.path},
                          {"organisation", each.organisation},
                          {"status", each.status},
                          {"content", each.content}};
    });
  return permanent(sandbox_errc::not_found, "no such control path: /dph" + std::string(path));
}

}  // namespace kp::sandbox
