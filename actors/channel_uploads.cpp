#include "actors/channel_uploads.hpp"

#include "actors/channel_create.hpp"
#include "protocol/api/upload.hpp"
#include "protocol/sbd/document.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace kp::actors {

namespace {

std::uint64_t sum(const std::vector<storage::stored_file>& files) {
  return std::accumulate(
      files.begin(), files.end(), std::uint64_t{0},
      [](std::uint64_t so_far, const auto& file) { return so_far + file.content.size; });
}

api::problem too_much(std::uint64_t total, service via, const channel_place& place) {
  return api::max_file_size_exceeded(total, to_string(via), upload_limit(via, place));
}

// Today's installations stumble over it with a 500; it is the client's to mend.
api::problem nameless() {
  auto problem =
      api::bad_content_disposition("Content-Disposition must name the file: filename=\"…\"");
  problem.status = 400;
  return problem;
}

bool is_main_document(std::string_view filename, const std::optional<std::string>& main_document) {
  return main_document && filename == *main_document;
}

}  // namespace

judged<storage::outgoing_message> find_open_message(const channel_place& place,
                                                    std::string_view id) {
  const auto parsed = to_message_id(id);
  if (!parsed) return api::message_not_found(id);
  KP_TRY(auto message, place.organisation().messages.find(place.number, *parsed));
  if (!message || message->queued) return api::message_not_found(id);
  return *std::move(message);
}

judged<upload_ticket> judge_upload(const channel_place& place, const upload_begin& upload) {
  KP_TRY(const auto message, find_open_message(place, upload.message));
  if (!upload.content_type) return api::missing_header("Content-Type");
  if (!upload.content_disposition) return api::missing_header("Content-Disposition");
  const auto disposition = api::parse_content_disposition(*upload.content_disposition);
  if (!disposition) return api::bad_content_disposition(disposition.error().message);
  if (!disposition->filename || disposition->filename->empty()) return nameless();
  const auto& filename = *disposition->filename;
  if (find_file(message.files, filename)) return api::duplicate_filename(filename);

  const auto so_far = sum(message.files);
  const auto limit = upload_limit(message.via, place);
  const auto left = limit > so_far ? limit - so_far : 0;
  if (const auto length = upload.content_length.value_or(0); length > left)
    return too_much(so_far + length, message.via, place);

  upload_ticket ticket;
  ticket.message = message.message;
  ticket.filename = filename;
  ticket.title = upload.title ? upload.title : disposition->name;
  ticket.mime_type = api::upload_mime_type(*upload.content_type, filename);
  ticket.max_bytes = left;
  return ticket;
}

api::problem too_large(const channel_place& place, const upload_ticket& ticket,
                       std::uint64_t content_length) {
  const auto message = find_open_message(place, ticket.message.to_string());
  if (!message) return message.error();
  return too_much(sum(message->files) + content_length, message->via, place);
}

judged<decision> finish_upload(const channel_place& place, const upload_end& upload,
                               const std::optional<arkivmelding::summary>& summary) {
  const auto& organisation = place.organisation();
  const auto& ticket = upload.ticket;
  KP_TRY(const auto before, find_open_message(place, ticket.message.to_string()));
  // Another upload may have been faster than this one since its headers were judged.
  if (find_file(before.files, ticket.filename)) return api::duplicate_filename(ticket.filename);
  const auto total = sum(before.files) + upload.content.size;
  if (total > upload_limit(before.via, place)) return too_much(total, before.via, place);

  const auto now = place.now();
  const auto document = sbd::parse(before.sbd, now);
  auto after = before;
  storage::stored_file file;
  file.filename = ticket.filename;
  file.title = ticket.title;
  file.mime_type = ticket.mime_type;
  file.number = static_cast<std::uint32_t>(before.files.size() + 1);
  file.primary = document && is_main_document(ticket.filename, document->main_document());
  file.content = upload.content;
  after.files.push_back(std::move(file));
  after.last_updated = now;

  decision d;
  d.answer = empty_answer();
  organisation.messages.update(d.changes, before, after);
  if (upload.blob_record) d.changes.include(*upload.blob_record);
  if (!summary) return d;
  KP_TRY(const auto conversation,
         organisation.conversations.find(direction::outgoing, before.message));
  if (conversation && conversation->channel == place.number) {
    auto described = *conversation;
    describe(described, *summary);
    described.last_update = now;
    organisation.conversations.update(d.changes, *conversation, described);
  }
  return d;
}

judged<void> judge_parts(const std::vector<multipart_file>& files) {
  for (const auto& file : files)
    if (file.content.size > multipart_file_limit)
      return api::multipart_file_too_large(file.filename, multipart_file_limit);
  std::multiset<std::string_view> names;
  for (const auto& file : files) names.insert(file.filename);
  std::string repeated;
  for (const auto& file : files)
    if (names.count(file.filename) > 1) repeated += (repeated.empty() ? "" : ", ") + file.filename;
  if (!repeated.empty()) return api::duplicate_filename(repeated);
  return {};
}

judged<std::vector<storage::stored_file>> files_of(const std::vector<multipart_file>& parts,
                                                   service via,
                                                   const std::optional<std::string>& main_document,
                                                   const channel_place& place) {
  std::vector<storage::stored_file> files;
  for (const auto& part : parts) {
    storage::stored_file file;
    file.filename = part.filename;
    file.title = part.title;
    file.mime_type = api::upload_mime_type(part.content_type, part.filename);
    file.number = static_cast<std::uint32_t>(files.size() + 1);
    file.primary = is_main_document(part.filename, main_document);
    file.content = part.content;
    files.push_back(std::move(file));
  }
  if (const auto total = sum(files); total > upload_limit(via, place))
    return too_much(total, via, place);
  return files;
}

}  // namespace kp::actors
