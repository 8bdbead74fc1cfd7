#include "tests/tools/system/town.hpp"

#include "config/clock.hpp"
#include "config/random.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>

namespace kp::test {

namespace {

std::shared_ptr<random_source> randomness() {
  static const auto source = make_secure_random();
  return source;
}

std::string credential(const std::string& user_and_password) {
  const auto colon = user_and_password.find(':');
  return fmt::format("{{user: {}, password_hash: \"{}\"}}", user_and_password.substr(0, colon),
                     tenants::hash_password(user_and_password.substr(colon + 1), *randomness()));
}

std::string organisation_yaml(const std::string& number, const std::string& name,
                              const std::string& channels) {
  return fmt::format(
      "number: \"{0}\"\nname: {1}\nkeystore:\n  path: ../keystores/{0}.p12\n"
      "  password: {{file: ../keystores/{0}.password}}\nservices:\n"
      "  dpo: {{enabled: true, poll_interval_seconds: 1}}\nchannels:\n{2}",
      number, name, channels);
}

std::string channel_yaml(const std::string& name, const std::string& who, const std::string& more) {
  return fmt::format("  - name: {}\n    sends: [DPO]\n{}    credentials:\n      - {}\n", name, more,
                     credential(who));
}

json::object party(const std::string& number) {
  return {{"identifier", {{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + number}}}};
}

struct town_holder : testing::Environment {
  void TearDown() override { made.reset(); }
  std::unique_ptr<town> made;
};
town_holder* const holder = [] {
  auto* const one = new town_holder;  // owned by the test framework
  testing::AddGlobalTestEnvironment(one);
  return one;
}();

}  // namespace

std::string arkivmelding_xml() {
  return R"(<?xml version="1.0" encoding="utf-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <system>Test</system><meldingId>3380ed76-5d4c-43e7-aa70-8ed8d97e4835</meldingId>
  <tidspunkt>2026-01-15T10:00:00</tidspunkt><antallFiler>1</antallFiler>
  <mappe xsi:type="saksmappe"><systemID>43fbe161-7aac-4c9f-a888-d8167aab4144</systemID>
    <tittel>Sak 2026/42</tittel>
    <basisregistrering xsi:type="journalpost">
      <systemID>430a6710-a3d4-4863-8bd0-5eb1021bee45</systemID>
      <dokumentbeskrivelse><tittel>Vedtak</tittel>
        <dokumentobjekt><referanseDokumentfil>brev.pdf</referanseDokumentfil></dokumentobjekt>
      </dokumentbeskrivelse>
      <tittel>Vedtak i sak 2026/42</tittel><offentligTittel>Vedtak</offentligTittel>
      <journalpostnummer>7</journalpostnummer>
    </basisregistrering>
  </mappe>
</arkivmelding>
)";
}

json::object new_document(const std::string& receiver, const std::string& process,
                          const std::string& type, json::object business_message) {
  const json::object scope{{"type", "ConversationId"}, {"identifier", process}};
  const json::object header{{"headerVersion", "1.0"},
                            {"receiver", json::array{party(receiver)}},
                            {"documentIdentification",
                             {{"standard", "urn:no:difi:arkivmelding:xsd::" + type},
                              {"typeVersion", "2.0"},
                              {"type", type}}},
                            {"businessScope", {{"scope", json::array{scope}}}}};
  return {{"standardBusinessDocumentHeader", header}, {type, std::move(business_message)}};
}

json::object arkivmelding_to(const std::string& receiver, int security_level) {
  return new_document(receiver, administration, "arkivmelding",
                      {{"sikkerhetsnivaa", security_level}, {"hoveddokument", "brev.pdf"}});
}

json::object travelling_document(const std::string& sender, const std::string& receiver,
                                 const std::string& type, const std::string& standard) {
  const auto now =
      std::chrono::time_point_cast<time_point::duration>(std::chrono::system_clock::now());
  auto document = new_document(
      receiver, type == "arkivmelding" ? administration : answers, type,
      type == "status" ? json::object{{"status", "LEVERT"}} : json::object{{"sikkerhetsnivaa", 3}});
  auto& header = document["standardBusinessDocumentHeader"].as_object();
  header["sender"] = json::array{party(sender)};
  auto& identification = header["documentIdentification"].as_object();
  identification["standard"] = fmt::format("urn:no:difi:{}::{}", standard, type);
  identification["instanceIdentifier"] = new_uuid();
  identification["creationDateAndTime"] = format_timestamp(now);
  auto& scope = header["businessScope"].at("scope").at(0).as_object();
  scope["instanceIdentifier"] = new_uuid();
  scope["scopeInformation"] = json::array{
      json::object{{"expectedResponseDateTime", format_timestamp(now + std::chrono::hours(1))}}};
  return document;
}

std::string id_of(const json::value& document) {
  boost::system::error_code missing;
  const auto* id = document.find_pointer(
      "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier", missing);
  return id && id->is_string() ? std::string(id->get_string()) : std::string();
}

std::string new_uuid() {
  return randomness()->uuid();
}

std::string random_bytes(std::size_t count) {
  return randomness()->bytes(count);
}

bool until(const std::function<bool()>& done, std::chrono::seconds longest) {
  for (const auto end = std::chrono::steady_clock::now() + longest;;) {
    if (done()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

town* town::shared() {
  if (holder->made) return holder->made.get();
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "knutepunkt";
  if (!std::filesystem::exists(program)) return nullptr;
  holder->made = std::make_unique<town>(program);
  return holder->made.get();
}

town::town(const std::filesystem::path& program) {
  sandbox::options options;
  options.port = 0;
  auto started = sandbox::sandbox::start(std::move(options));
  if (!started) {
    problem_ = started.error().message;
    return;
  }
  box_ = *std::move(started);
  port_ = free_port();
  admin_port_ = free_port();
  register_organisations();
  write_configuration();
  hub_ = std::make_unique<hub_process>(program, path("hub.yaml"), path("hub.log"));
  if (!problem_.empty()) return;
  control("POST", "/control/broker", {{"rateLimits", "off"}});
  if (!start_hub()) problem_ = "the hub did not start:\n" + hub_->log();
}

bool town::start_hub() {
  if (!hub_->start()) return false;
  for (const auto& who : {arkiv, barnevern, sak, post})
    if (!until([&] { return api(who, "GET", "/api/messages/in").status == 200; })) return false;
  return true;
}

void town::register_organisations() {
  json::array all;
  for (const auto& number : {bergvik, fjordnes, skogvik, newcomer})
    all.push_back(
        {{"number", number}, {"name", "Kommune " + number}, {"services", json::array{"DPO"}}});
  folder_.write("organisations.json", json::serialize(json::object{{"organisations", all}}));
  const auto done =
      sandbox::register_from_file(*box_, path("organisations.json"), path("keystores"));
  if (!done) problem_ = done.error().message;
}

void town::write_configuration() {
  folder_.write("hub.yaml", fmt::format("environment: sandbox\nnational:\n"
                                        "  maskinporten_token_url: {0}/token\n"
                                        "  maskinporten_audience: {0}/\n"
                                        "  altinn_exchange_url: "
                                        "{0}/authentication/api/v1/exchange/maskinporten\n"
                                        "  broker_url: {0}/broker/api/v1\n"
                                        "  service_registry_url: {0}/adressetjeneste\n"
                                        "  service_registry_key_url: {0}/adressetjeneste/jwk\n"
                                        "listener:\n  port: {1}\nstorage:\n  path: store\n"
                                        "tenants:\n  folder: tenants.d\nupstream:\n"
                                        "  broker_search_per_minute: 10000\n"
                                        "  broker_calls_per_minute: 10000\n"
                                        "admin:\n  port: {2}\n  credentials:\n    - {3}\n",
                                        box_->url(), port_, admin_port_,
                                        credential(operator_user)));
  std::filesystem::create_directory(path("tenants.d"));
  const std::string receives = "    receives: [DPO]\n";
  folder_.write("tenants.d/bergvik.yaml",
                organisation_yaml(
                    bergvik, "Bergvik",
                    channel_yaml("arkiv", arkiv, receives) +
                        channel_yaml("barnevern", barnevern, "    message_channel: barnevern\n")));
  folder_.write("tenants.d/fjordnes.yaml",
                organisation_yaml(fjordnes, "Fjordnes", channel_yaml("sak", sak, receives)));
  folder_.write("tenants.d/skogvik.yaml",
                organisation_yaml(
                    skogvik, "Skogvik",
                    channel_yaml("post", post, receives + "    status_queue: [DPO]\n") +
                        channel_yaml("small", small,
                                     "    message_channel: small\n"
                                     "    quotas: {messages_queued: 1, bytes_stored: 1000}\n")));
}

rest_answer town::api(const std::string& who, const std::string& method, const std::string& path,
                      header_fields headers, const std::string& body) const {
  headers.merge(basic(who));
  return call(port_, method, path, headers, body);
}

rest_answer town::create(const std::string& who, const json::object& document) const {
  return api(who, "POST", "/api/messages/out", {{"Content-Type", "application/json"}},
             json::serialize(document));
}

rest_answer town::upload(const std::string& who, const std::string& id, const std::string& file,
                         const std::string& type, const std::string& bytes) const {
  const auto disposition = fmt::format("attachment; name=\"{0}\"; filename=\"{0}\"", file);
  return api(who, "PUT", "/api/messages/out/" + id,
             {{"Content-Type", type}, {"Content-Disposition", disposition}}, bytes);
}

rest_answer town::send(const std::string& who, const std::string& id) const {
  return api(who, "POST", "/api/messages/out/" + id);
}

json::value town::control(const std::string& method, const std::string& path,
                          json::value body) const {
  auto answer = box_->control(method, path, std::move(body));
  if (answer) return *std::move(answer);
  ADD_FAILURE() << method << ' ' << path << ": " << answer.error().message;
  return nullptr;
}

rest_answer town::transfer_content(const std::string& id) const {
  return call(box_->port(), "GET", "/control/transfers/" + id + "/content");
}

}  // namespace kp::test
