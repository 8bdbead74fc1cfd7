#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"
#include "tools/sandbox/svarut.hpp"
#include "tools/sandbox/svarut_parts.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <sstream>

// ForsendelsesServiceV9 (dpf.md 6).

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view soap_namespace = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view service_namespace = "http://www.ks.no/svarut/servicesV9";

// The sequence of the schema; a * marks what must be there (dpf.md 6.2).
constexpr std::array<std::string_view, 19> forsendelse_order{"avgivendeSystem",
                                                             "dokumenter",
                                                             "eksternref",
                                                             "forsendelseType",
                                                             "konteringskode",
                                                             "*krevNiva4Innlogging",
                                                             "*kryptert",
                                                             "*kunDigitalLevering",
                                                             "lenker",
                                                             "metadataForImport",
                                                             "metadataFraAvleverendeSystem",
                                                             "mottaker",
                                                             "printkonfigurasjon",
                                                             "*signaturtype",
                                                             "*signeringUtloper",
                                                             "svarPaForsendelse",
                                                             "*svarPaForsendelseLink",
                                                             "svarSendesTil",
                                                             "*tittel"};
constexpr std::array<std::string_view, 7> document_order{
    "*data",        "dokumentType", "*ekskluderesFraPrint", "*filnavn",
    "giroarkSider", "*mimetype",    "*skalSigneres"};
constexpr std::array<std::string_view, 12> metadata_order{
    "dokumentetsDato",    "ekstraMetadata",  "*journalaar",           "journaldato",
    "*journalpostnummer", "journalposttype", "*journalsekvensnummer", "journalstatus",
    "*saksaar",           "saksbehandler",   "*sakssekvensnummer",    "tittel"};
constexpr std::array<std::string_view, 7> postal_order{"adresse1", "adresse2", "adresse3", "land",
                                                       "navn",     "postnr",   "poststed"};

struct name_parts {
  std::string_view prefix, local;
};
name_parts split(std::string_view name) {
  const auto colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

std::string_view namespace_of(pugi::xml_node node) {
  const auto prefix = split(node.name()).prefix;
  const auto declaration = prefix.empty() ? std::string("xmlns") : fmt::format("xmlns:{}", prefix);
  for (auto at = node; at; at = at.parent())
    if (const auto found = at.attribute(declaration.c_str())) return found.value();
  return {};
}

pugi::xml_node element(pugi::xml_node parent, std::string_view space, std::string_view local) {
  for (const auto child : parent.children())
    if (child.type() == pugi::node_element && split(child.name()).local == local &&
        namespace_of(child) == space)
      return child;
  return {};
}

std::string text(pugi::xml_node parent, const char* name) {
  return parent.child(name).text().get();
}

// "" when the children stand as the schema has them.
std::string check_order(pugi::xml_node parent, std::span<const std::string_view> order) {
  std::size_t at = 0;
  for (const auto child : parent.children()) {
    if (child.type() != pugi::node_element) continue;
    if (!namespace_of(child).empty()) return fmt::format("{} is qualified", child.name());
    const auto is = [&](std::string_view wanted) {
      return (wanted.starts_with('*') ? wanted.substr(1) : wanted) == child.name();
    };
    const auto found =
        std::find_if(order.begin() + static_cast<std::ptrdiff_t>(at), order.end(), is);
    if (found == order.end()) return fmt::format("{} is not expected here", child.name());
    at = static_cast<std::size_t>(found - order.begin());
  }
  for (const auto wanted : order)
    if (wanted.starts_with('*') && !parent.child(std::string(wanted.substr(1)).c_str()))
      return fmt::format("{} is missing", wanted.substr(1));
  return {};
}

std::string in_envelope(std::string_view body) {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><env:Envelope xmlns:env=\"{}\"><env:Body>{}"
      "</env:Body></env:Envelope>",
      soap_namespace, body);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

soap_answer fault(std::string_view who, std::string_view reason) {
  return {who == "Sender" ? 400U : 500U,
          in_envelope(fmt::format("<env:Fault><env:Code><env:Value>env:{}</env:Value></env:Code>"
                                  "<env:Reason><env:Text xml:lang=\"no\">{}</env:Text></env:Reason>"
                                  "</env:Fault>",
                                  who, escaped(reason)))};
}

soap_answer answered(std::string_view operation, std::string_view returns) {
  return {200, in_envelope(fmt::format("<ns2:{0}Response xmlns:ns2=\"{1}\">{2}</ns2:{0}Response>",
                                       operation, service_namespace, returns))};
}

struct message {
  std::string root;
  std::vector<mime_part> attachments;
};

// A plain envelope, or the root of a multipart/related (W3C xop10).
std::optional<message> read_message(const request& call) {
  const auto type = call.header("content-type").value_or("");
  if (type_of(type) == "application/soap+xml") return message{call.body, {}};
  if (type_of(type) != "multipart/related" || parameter_of(type, "type") != "application/xop+xml" ||
      parameter_of(type, "start-info") != "application/soap+xml")
    return {};
  auto parts = parse_multipart(type, call.body);
  if (!parts || parts->empty()) return {};
  const auto start = parameter_of(type, "start");
  message out;
  for (auto& part : *parts) {
    const bool root = start.empty() ? &part == &parts->front() : part.header("content-id") == start;
    if (root && type_of(part.header("content-type")) == "application/xop+xml")
      out.root = std::move(part.body);
    else
      out.attachments.push_back(std::move(part));
  }
  if (out.root.empty()) return {};
  return out;
}

std::optional<std::string> data_of(pugi::xml_node document, const message& in) {
  const auto data = document.child("data");
  const auto include = element(data, "http://www.w3.org/2004/08/xop/include", "Include");
  if (!include) return from_base64(data.text().get());
  const std::string href = include.attribute("href").value();
  if (!href.starts_with("cid:")) return {};
  const auto id = fmt::format("<{}>", percent_decode(href.substr(4), false));
  for (const auto& part : in.attachments)
    if (part.header("content-id") == id) return part.body;
  return {};
}

json::value epoch_of(const std::string& date, time_point now) {
  const auto at = parse_timestamp(date, now);
  if (!at) return nullptr;
  return std::chrono::floor<std::chrono::milliseconds>(at->time_since_epoch()).count();
}

json::object metadata_of(pugi::xml_node from, time_point now) {
  json::array extra;
  for (const auto each : from.children("ekstraMetadata"))
    extra.push_back({{"key", text(each, "key")}, {"value", text(each, "value")}});
  json::object out{{"ekstraMetadata", std::move(extra)}};
  for (const auto* name :
       {"saksaar", "sakssekvensnummer", "journalaar", "journalsekvensnummer", "journalpostnummer"})
    out[name] = from.child(name).text().as_llong();
  for (const auto* name : {"journalposttype", "journalstatus", "tittel"})
    out[name] = from.child(name) ? json::value(text(from, name)) : json::value(nullptr);
  out["saksBehandler"] =
      from.child("saksbehandler") ? json::value(text(from, "saksbehandler")) : json::value(nullptr);
  for (const auto* name : {"journaldato", "dokumentetsDato"})
    out[name] = epoch_of(text(from, name), now);
  return out;
}

json::object party_of(pugi::xml_node from) {
  json::object out{{"orgnr", text(from.child("digitalAdresse"), "orgnr")}, {"fnr", nullptr}};
  const auto postal = from.child("postAdresse");
  for (const auto* name :
       {"navn", "adresse1", "adresse2", "adresse3", "postnr", "poststed", "land"})
    out[name] = postal.child(name) ? json::value(text(postal, name)) : json::value(nullptr);
  return out;
}

bool is_organisation_address(pugi::xml_node party) {
  const auto digital = party.child("digitalAdresse");
  return split(digital.attribute("xsi:type").value()).local == "organisasjonDigitalAdresse";
}

std::string check_forsendelse(pugi::xml_node said) {
  if (auto wrong = check_order(said, forsendelse_order); !wrong.empty()) return wrong;
  for (const auto document : said.children("dokumenter"))
    if (auto wrong = check_order(document, document_order); !wrong.empty()) return wrong;
  if (const auto metadata = said.child("metadataFraAvleverendeSystem"))
    if (auto wrong = check_order(metadata, metadata_order); !wrong.empty()) return wrong;
  for (const auto* name : {"mottaker", "svarSendesTil"}) {
    const auto party = said.child(name);
    if (!party) continue;
    if (!is_organisation_address(party)) return fmt::format("{} has no digital address", name);
    if (auto wrong = check_order(party.child("postAdresse"), postal_order); !wrong.empty())
      return wrong;
  }
  return {};
}

soap_answer send(svarut_state& state, const svarut_sender& sender, pugi::xml_node operation,
                 const message& in, time_point now) {
  const auto said = operation.child("forsendelse");
  if (const auto wrong = check_forsendelse(said); !wrong.empty())
    return fault("Sender", "Unmarshalling Error: " + wrong);
  svarut_forsendelse made;
  made.id = text(operation, "forsendelsesid");
  if (state.find(made.id)) return fault("Receiver", "Duplikat forsendelsesid");
  made.external_reference = text(said, "eksternref");
  made.sender = sender.organisation;
  made.receiver = text(said.child("mottaker").child("digitalAdresse"), "orgnr");
  made.title = text(said, "tittel");
  made.type = text(said, "forsendelseType");
  made.reply_to = text(said, "svarPaForsendelse");
  made.level4 = text(said, "krevNiva4Innlogging") == "true";
  made.digital_only = text(said, "kunDigitalLevering") == "true";
  made.metadata = metadata_of(said.child("metadataFraAvleverendeSystem"), now);
  made.replies_go_to = party_of(said.child("svarSendesTil"));
  made.to = party_of(said.child("mottaker"));
  for (const auto document : said.children("dokumenter")) {
    svarut_document one{text(document, "filnavn"),
                        text(document, "mimetype"),
                        {},
                        text(document, "ekskluderesFraPrint") == "true"};
    auto data = data_of(document, in);
    if (!data) return fault("Sender", "Unmarshalling Error: data of " + one.filename);
    if (text(said, "kryptert") == "true") {
      auto plain = state.decrypt(*data);
      if (!plain) return fault("Receiver", "Feil under lesing av " + one.filename);
      data = std::move(plain);
    }
    one.content = *std::move(data);
    made.documents.push_back(std::move(one));
  }
  made.over = "soap";
  std::ostringstream whole;
  operation.print(whole, "", pugi::format_raw);
  made.said = std::move(whole).str();
  const auto id = made.id;
  if (const auto kept = state.accept(std::move(made)); !kept)
    return fault("Receiver", kept.error().message);
  return answered("sendForsendelseMedId", fmt::format("<return>{}</return>", escaped(id)));
}

}  // namespace

soap_answer answer_soap(svarut_state& state, const svarut_sender& sender, const request& call,
                        time_point now) {
  const auto in = read_message(call);
  if (!in) return fault("Sender", "neither application/soap+xml nor a XOP package");
  pugi::xml_document document;
  if (!document.load_buffer(in->root.data(), in->root.size()))
    return fault("Sender", "the envelope is no XML");
  const auto envelope = document.document_element();
  const auto body = element(envelope, soap_namespace, "Body");
  if (namespace_of(envelope) != soap_namespace || !body)
    return fault("Sender", "this is no SOAP 1.2 envelope");
  if (const auto operation = element(body, service_namespace, "sendForsendelseMedId"))
    return send(state, sender, operation, *in, now);
  std::string returns;
  if (const auto operation = element(body, service_namespace, "retrieveForsendelseStatuser")) {
    for (const auto id : operation.children("forsendelseider")) {
      const auto* sent = state.find(id.text().get());
      if (!sent || sent->sender != sender.organisation) continue;
      returns += fmt::format(
          "<return><forsendelseStatus>{}</forsendelseStatus><forsendelsesid>{}</forsendelsesid>"
          "<sisteStatusEndring>{}</sisteStatusEndring></return>",
          sent->status, escaped(sent->id), format_timestamp(sent->changed));
    }
    return answered("retrieveForsendelseStatuser", returns);
  }
  if (const auto operation =
          element(body, service_namespace, "retrieveForsendelseIdByEksternRef")) {
    for (const auto& sent : state.all())
      if (sent.sender == sender.organisation &&
          sent.external_reference == text(operation, "eksternRef"))
        returns += fmt::format("<return>{}</return>", escaped(sent.id));
    return answered("retrieveForsendelseIdByEksternRef", returns);
  }
  if (element(body, service_namespace, "retreiveForsendelseTyper")) {
    for (const auto& type : state.types)
      returns += fmt::format("<return>{}</return>", escaped(type));
    return answered("retreiveForsendelseTyper", returns);
  }
  return fault("Sender", "there is no such operation");
}

}  // namespace kp::sandbox
