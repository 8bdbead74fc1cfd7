#include "actors/channel_arkivmelding.hpp"

#include "config/byte_io.hpp"

#include <algorithm>

namespace kp::actors {

namespace {

api::problem unusable(std::string exception, std::string message) {
  api::problem problem;
  problem.status = 400;
  problem.exception = std::move(exception);
  problem.message = std::move(message);
  return problem;
}

api::problem incomplete(std::string_view what) {
  return unusable("no.difi.meldingsutveksling.arkivmelding.ArkivmeldingRuntimeException",
                  "No \"" + std::string(what) + "\" found in Arkivmelding");
}

api::problem unreadable(const std::string& why) {
  return unusable("no.difi.meldingsutveksling.nextmove.NextMoveRuntimeException",
                  "Failed to get Arkivmelding: " + why);
}

}  // namespace

judged<arkivmelding::summary> read_arkivmelding(std::string_view xml) {
  auto summary = arkivmelding::summarise(xml);
  if (!summary) return unreadable(summary.error().message);
  if (!summary->has_case_file) return incomplete("Saksmappe");
  if (!summary->has_registry_entry) return incomplete("Journalpost");
  return *std::move(summary);
}

judged<arkivmelding::summary> read_arkivmelding(storage::blobs& blobs, organisation_id owner,
                                                const storage::blob_ref& content) {
  if (content.size > arkivmelding::max_bytes) return unreadable("it is too large");
  KP_TRY(auto opened, blobs.open(owner, content));
  sequential_source source(std::move(opened));
  KP_TRY(const auto xml, read_all(source, arkivmelding::max_bytes));
  return read_arkivmelding(xml);
}

void describe(storage::conversation& c, const arkivmelding::summary& summary) {
  c.message_title = summary.title;
  if (summary.reference) c.message_reference = *summary.reference;
}

const storage::stored_file* find_file(std::span<const storage::stored_file> files,
                                      std::string_view name) {
  const auto found = std::ranges::find(files, name, &storage::stored_file::filename);
  return found == files.end() ? nullptr : &*found;
}

}  // namespace kp::actors
