#include "tools/load/messages.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace kp::load {

std::string create_body(const std::string& receiver, const std::string& main_document) {
  using boost::json::array;
  using boost::json::object;
  const object identifier{{"authority", "iso6523-actorid-upis"}, {"value", "0192:" + receiver}};
  const object scope{{"type", "ConversationId"},
                     {"identifier", "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"}};
  object header;
  header["headerVersion"] = "1.0";
  header["receiver"] = array{object{{"identifier", identifier}}};
  header["documentIdentification"] =
      object{{"standard", "urn:no:difi:arkivmelding:xsd::arkivmelding"},
             {"typeVersion", "2.0"},
             {"type", "arkivmelding"}};
  header["businessScope"] = object{{"scope", array{scope}}};
  object sbd;
  sbd["standardBusinessDocumentHeader"] = std::move(header);
  sbd["arkivmelding"] = object{{"hoveddokument", main_document}};
  return boost::json::serialize(sbd);
}

std::string arkivmelding_xml(std::size_t bytes, const std::string& referenced_file) {
  const auto object = referenced_file.empty()
                          ? std::string()
                          : fmt::format(
                                "<dokumentbeskrivelse><dokumentobjekt><referanseDokumentfil>"
                                "{}</referanseDokumentfil></dokumentobjekt>"
                                "</dokumentbeskrivelse>",
                                referenced_file);
  const auto front = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<arkivmelding xmlns=\"http://www.arkivverket.no/standarder/noark5/arkivmelding\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
      "<system>kp-bench</system><meldingId>1</meldingId><tidspunkt>2026-01-01T00:00:00</tidspunkt>"
      "<antallFiler>1</antallFiler><mappe xsi:type=\"saksmappe\">"
      "<systemID>43fbe161-7aac-4c9f-a888-d8167aab4144</systemID><tittel>Sak</tittel>"
      "<basisregistrering xsi:type=\"journalpost\">"
      "<systemID>430a6710-a3d4-4863-8bd0-5eb1021bee45</systemID>{}<tittel>Brev</tittel>"
      "<offentligTittel>Brev</offentligTittel></basisregistrering></mappe><!--",
      object);
  const std::string back = "--></arkivmelding>";
  const auto used = front.size() + back.size();
  return front + std::string(bytes > used ? bytes - used : 0, ' ') + back;
}

std::string message_id_of(const std::string& sbd) {
  boost::system::error_code failed;
  const auto parsed = boost::json::parse(sbd, failed);
  if (failed) return {};
  const auto* id = parsed.find_pointer(
      "/standardBusinessDocumentHeader/documentIdentification/instanceIdentifier", failed);
  return id && id->is_string() ? std::string(id->as_string()) : std::string();
}

namespace {

const std::vector<connection::field> none;

result<void> judge(const connection::answer& answer, const char* what) {
  if (answer.status == 200) return {};
  return permanent(answer.status == 429 ? load_errc::over_quota : load_errc::refused,
                   fmt::format("{} answered {}: {}", what, answer.status, answer.body));
}

}  // namespace

boost::asio::awaitable<result<void>> send_one(connection& c, const std::string& create,
                                              const std::string& file) {
  KP_CO_TRY(const auto created,
            co_await c.exchange("POST", "/api/messages/out", json_fields(), create));
  if (auto fine = judge(created, "create"); !fine) co_return fine;
  const auto path = "/api/messages/out/" + message_id_of(created.body);
  KP_CO_TRY(
      const auto uploaded,
      co_await c.exchange("PUT", path, file_fields("application/xml", "arkivmelding.xml"), file));
  if (auto fine = judge(uploaded, "upload"); !fine) co_return fine;
  KP_CO_TRY(const auto sent, co_await c.exchange("POST", path, none, {}));
  co_return judge(sent, "send");
}

std::vector<connection::field> json_fields() {
  return {{"Content-Type", "application/json"}};
}

std::vector<connection::field> file_fields(const std::string& content_type,
                                           const std::string& filename) {
  return {{"Content-Type", content_type},
          {"Content-Disposition", "attachment; filename=\"" + filename + "\""}};
}

}  // namespace kp::load
