#include "config/config_error.hpp"
#include "protocol/dpf/received.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>

namespace kp::dpf {

namespace {

constexpr std::string_view unknown_type = "application/octet-stream";
constexpr std::size_t max_files = 10'000;  // as many as an archive may hold

error unusable(std::string_view what) {
  return permanent(config_errc::invalid_document, fmt::format("SvarInn: {}", what));
}

result<std::vector<listed_file>> parse_files(const boost::json::value& entry) {
  const auto* list = json::list(entry, "filmetadata");
  if (!list) return unusable("filmetadata is missing");
  if (list->size() > max_files) return unusable("filmetadata lists too many files");
  std::vector<listed_file> out;
  for (const auto& each : *list) {
    listed_file file;
    file.filename = json::text(each, "filnavn").value_or("");
    if (file.filename.empty()) return unusable("a file in filmetadata has no filnavn");
    for (const auto& other : out)
      if (other.filename == file.filename) return unusable("filmetadata names a file twice");
    file.mime_type = json::text(each, "mimetype").value_or("");
    if (file.mime_type.empty()) file.mime_type = unknown_type;
    file.sha256 = json::text(each, "sha256hash").value_or("");
    if (const auto size = json::integer(each, "size"); size && *size >= 0)
      file.size = static_cast<std::uint64_t>(*size);
    out.push_back(std::move(file));
  }
  return out;
}

// A whole number, absent or null; anything else is an error.
result<std::optional<std::int64_t>> parse_number(const boost::json::value& of,
                                                 std::string_view name) {
  const auto* found = json::member(of, name);
  if (!found) return std::optional<std::int64_t>{};
  if (const auto number = json::integer(of, name)) return number;
  return unusable(fmt::format("{} is no whole number", name));
}

result<void> parse_metadata(const boost::json::value& from, received& into) {
  auto& out = into.metadata;
  KP_TRY(const auto case_year, parse_number(from, "saksaar"));
  KP_TRY(const auto case_number, parse_number(from, "sakssekvensnummer"));
  out.case_year = case_year.value_or(0);
  out.case_number = case_number.value_or(0);
  KP_TRY(out.year, parse_number(from, "journalaar"));
  KP_TRY(out.sequence_number, parse_number(from, "journalsekvensnummer"));
  KP_TRY(out.entry_number, parse_number(from, "journalpostnummer"));
  KP_TRY(out.entered, parse_number(from, "journaldato"));
  KP_TRY(out.dated, parse_number(from, "dokumentetsDato"));
  out.type = json::text(from, "journalposttype").value_or("");
  out.status = json::text(from, "journalstatus").value_or("");
  out.title = json::text(from, "tittel");
  out.case_worker = json::text(from, "saksBehandler");
  if (const auto* list = json::list(from, "ekstraMetadata"))
    for (const auto& each : *list)
      out.extra.push_back(
          {json::text(each, "key").value_or(""), json::text(each, "value").value_or("")});
  return {};
}

result<received> parse_entry(const boost::json::value& entry) {
  received out;
  out.id = json::text(entry, "id").value_or("");
  // It becomes part of a path and the id of a message.
  if (!message_id::parse(out.id)) return unusable("the id is no UUID");
  out.title = json::text(entry, "tittel").value_or("");
  out.download_url = json::text(entry, "downloadUrl").value_or("");
  if (out.download_url.empty()) return unusable("downloadUrl is missing");
  out.reply_to = json::text(entry, "svarPaForsendelse").value_or("");
  const auto* receiver = json::member(entry, "mottaker");
  out.receiver = receiver ? json::text(*receiver, "orgnr").value_or("") : "";
  // Nine digits; whether they are ours is told by whose list this is.
  if (out.receiver.size() != 9 || out.receiver.find_first_not_of("0123456789") != std::string::npos)
    return unusable("mottaker has no valid orgnr");
  const auto* sender = json::member(entry, "svarSendesTil");
  if (!sender) return unusable("svarSendesTil is missing");
  const auto of_sender = [&](std::string_view name) { return json::text(*sender, name); };
  out.sender = {of_sender("orgnr"),    of_sender("fnr"),    of_sender("navn"),
                of_sender("adresse1"), of_sender("postnr"), of_sender("poststed"),
                of_sender("land")};
  const auto* metadata = json::member(entry, "metadataFraAvleverendeSystem");
  if (!metadata) return unusable("metadataFraAvleverendeSystem is missing");
  KP_CHECK(parse_metadata(*metadata, out));
  KP_TRY(out.files, parse_files(entry));
  return out;
}

}  // namespace

result<std::vector<list_entry>> parse_list(std::string_view body) {
  const auto value = json::parse(body);
  const auto* list = value ? value->if_array() : nullptr;
  if (!list)
    return transient(http::http_errc::bad_answer, "SvarInn list: the answer is no JSON array");
  std::vector<list_entry> out;
  for (const auto& each : *list)
    out.push_back({json::text(each, "id").value_or(""), parse_entry(each)});
  return out;
}

}  // namespace kp::dpf
