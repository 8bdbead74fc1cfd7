#include "actors/channel_uploads.hpp"

#include "actors/message_rules.hpp"
#include "config/text.hpp"
#include "protocol/api/upload.hpp"
#include "protocol/sbd/named_files.hpp"

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

std::uint64_t limit_of(service via, const channel_place& place) {
  return upload_limit(*place.organisation().settings, via);
}

// The limit may have been lowered since the files were uploaded.
std::uint64_t room_left(const std::vector<storage::stored_file>& files, service via,
                        const channel_place& place) {
  const auto limit = limit_of(via, place);
  const auto used = sum(files);
  return limit > used ? limit - used : 0;
}

api::problem too_much(std::uint64_t total, service via, const channel_place& place) {
  return api::max_file_size_exceeded(total, to_string(via), limit_of(via, place));
}

// Today's installations stumble over it with a 500; it is the client's to mend.
api::problem nameless() {
  auto problem =
      api::bad_content_disposition("Content-Disposition must name the file: filename=\"…\"");
  problem.status = 400;
  return problem;
}

bool is_blank(const std::optional<std::string>& text) {
  return !text || trim(*text).empty();
}

// What 6.3 says of a file among the others of its message, in its order. That two main documents
// never meet needs no check: they would have one name.
struct judge {
  const channel_place& place;
  service via;
  const sbd::named_files& named;

  judged<void> operator()(const std::vector<storage::stored_file>& before,
                          std::string_view filename, const std::optional<std::string>& title,
                          std::string_view mime_type, std::uint64_t size) const {
    if (find_file(before, filename)) return api::duplicate_filename(filename);
    if (size > room_left(before, via, place)) return too_much(sum(before) + size, via, place);

    const auto& rules = rules_of(via);
    const bool is_main = named.is_main_document(filename);
    if (lacks_title(rules.titles, filename, is_main, is_blank(title)))
      return api::missing_file_title(to_string(via));
    if (!is_main && !rules.attachment_types.empty() &&
        std::ranges::find(rules.attachment_types, mime_type) == rules.attachment_types.end())
      return api::invalid_content_type(mime_type);
    return {};
  }

 private:
  bool lacks_title(title_rule rule, std::string_view filename, bool is_main, bool untitled) const {
    switch (rule) {
      case title_rule::none:
        return false;
      case title_rule::every_file:
        return untitled;
      case title_rule::all_but_listed:
        return untitled && !is_main && !named.is_metadata_of_another(filename);
      case title_rule::must_be_listed:
        return !is_main && !named.has_metadata(filename);
    }
    return false;
  }
};

judged<sbd::named_files> files_named_by(const storage::outgoing_message& message) {
  auto named = sbd::read_named_files(message.sbd);
  if (!named) return api::internal(named.error().message);
  return *std::move(named);
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
  // Today the framework looks at these before anybody asks for the message.
  if (!upload.content_type) return api::missing_header("Content-Type");
  if (!upload.content_disposition) return api::missing_header("Content-Disposition");
  KP_TRY(const auto message, find_open_message(place, upload.message));
  const auto disposition = api::parse_content_disposition(*upload.content_disposition);
  if (!disposition) return api::bad_content_disposition(disposition.error().message);
  if (!disposition->filename || disposition->filename->empty()) return nameless();
  const auto& filename = *disposition->filename;
  upload_ticket ticket;
  ticket.message = message.message;
  ticket.filename = filename;
  ticket.title = upload.title ? upload.title : disposition->name;
  if (is_blank(ticket.title)) ticket.title.reset();
  ticket.mime_type = api::upload_mime_type(*upload.content_type, filename);
  KP_TRY(const auto named, files_named_by(message));
  KP_CHECK((judge{place, message.via, named}(message.files, filename, ticket.title,
                                             ticket.mime_type, upload.content_length.value_or(0))));
  ticket.max_bytes = room_left(message.files, message.via, place);
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
  const auto now = place.now();
  KP_TRY(const auto named, files_named_by(before));
  // Another upload may have been faster than this one since its headers were judged.
  KP_CHECK((judge{place, before.via, named}(before.files, ticket.filename, ticket.title,
                                            ticket.mime_type, upload.content.size)));
  auto after = before;
  storage::stored_file file;
  file.filename = ticket.filename;
  file.title = ticket.title;
  file.mime_type = ticket.mime_type;
  file.number = static_cast<std::uint32_t>(before.files.size() + 1);
  file.primary = named.is_main_document(ticket.filename);
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

judged<std::vector<storage::stored_file>> files_of(
    const std::vector<multipart_file>& parts,
    const std::optional<judged<arkivmelding::summary>>& arkivmelding, const sbd::document& document,
    service via, const channel_place& place) {
  const auto named = sbd::files_named_in(document);
  const judge check{place, via, named};
  std::vector<storage::stored_file> files;
  for (const auto& part : parts) {
    storage::stored_file file;
    file.filename = part.filename;
    file.title = part.title;
    if (is_blank(file.title)) file.title.reset();
    file.mime_type = api::upload_mime_type(part.content_type, part.filename);
    KP_CHECK(check(files, file.filename, file.title, file.mime_type, part.content.size));
    if (file.filename == arkivmelding_filename && arkivmelding && !*arkivmelding)
      return arkivmelding->error();
    file.number = static_cast<std::uint32_t>(files.size() + 1);
    file.primary = named.is_main_document(part.filename);
    file.content = part.content;
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace kp::actors
