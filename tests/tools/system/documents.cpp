#include "tests/tools/system/documents.hpp"

#include "config/clock.hpp"
#include "config/random.hpp"

#include <fmt/format.h>

#include <memory>
#include <thread>

namespace kp::test {

namespace {

std::shared_ptr<random_source> randomness() {
  static const auto source = make_secure_random();
  return source;
}

json::object party(const std::string& number) {
  return {{"identifier", {{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + number}}}};
}

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

}  // namespace kp::test
