#include "tools/crash/store_check.hpp"

#include "storage/blob_format.hpp"
#include "storage/engine.hpp"
#include "storage/keys.hpp"
#include "tests/tools/system/documents.hpp"

#include <fmt/format.h>

#include <set>

namespace kp::crash {

namespace fs = std::filesystem;
using storage::record_kind;

namespace {

// What exists only while something is under way.
struct passing {
  record_kind kind;
  const char* name;
};
constexpr passing all_passing[]{
    {record_kind::outgoing_message, "outgoing messages"},
    {record_kind::outgoing_owner, "owners of outgoing messages"},
    {record_kind::outgoing_document, "documents of outgoing messages"},
    {record_kind::inbound_message, "inbound messages"},
    {record_kind::inbound_queue, "places in inbound queues"},
    {record_kind::inbound_lock, "peek locks"},
    {record_kind::inbound_lock_expiry, "ends of peek locks"},
    {record_kind::inbound_listing, "places in lists of inboxes"},
    {record_kind::outbox_item, "outbox items"},
    {record_kind::outbox_due, "due times"},
    {record_kind::outbox_claim, "claims of outbox items"},
    {record_kind::outbox_by_message, "outbox items by message"},
    {record_kind::transfer, "transfers under way"},
};

std::set<std::string> files_under(const fs::path& folder) {
  std::set<std::string> all;
  std::error_code none;
  for (const auto& each : fs::recursive_directory_iterator(folder, none))
    if (each.is_regular_file()) all.insert(each.path().string());
  return all;
}

std::size_t count(const storage::engine& store, organisation_id whose, record_kind kind) {
  const auto begin = storage::key_builder(whose, kind).str();
  std::size_t found = 0;
  const auto scanned = store.scan(begin, storage::prefix_end(begin), storage::scan_order::ascending,
                                  [&](auto, auto) { return ++found > 0; });
  return scanned ? found : std::size_t(-1);
}

// The files that the records of an organisation speak of.
std::set<std::string> files_on_record(const storage::engine& store, organisation_id whose,
                                      const std::string& folder) {
  std::set<std::string> all;
  const auto begin = storage::key_builder(whose, record_kind::blob).str();
  const auto end = storage::prefix_end(begin);
  static_cast<void>(
      store.scan(begin, end, storage::scan_order::ascending, [&](auto key, auto value) {
        const auto record = storage::decode_blob_record(value);
        if (record && !record->in_engine)
          all.insert(storage::blob_path(folder, whose, key.substr(begin.size())));
        return true;
      }));
  return all;
}

void look_into(const storage::engine& store, const std::string& blobs, findings& found) {
  std::set<std::string> on_record;
  for (const auto& one : organisations) {
    const auto whose = *organisation_id::parse(one.number);
    const auto step = std::string("store at the end, ") + one.name;
    for (const auto& each : all_passing)
      if (const auto left = count(store, whose, each.kind))
        found.add(step, fmt::format("no {}", each.name), std::to_string(left));
    const auto records = count(store, whose, record_kind::blob);
    const auto bytes = count(store, whose, record_kind::blob_bytes);
    if (records != 0 || bytes != 0)
      found.add(step, "no stored content",
                fmt::format("{} records, {} of them with bytes in the engine", records, bytes));
    on_record.merge(files_on_record(store, whose, blobs));
  }
  const auto erased = *organisation_id::parse(newcomer);
  static_cast<void>(
      store.scan(storage::organisation_begin(erased), storage::organisation_end(erased),
                 storage::scan_order::ascending, [&](auto key, auto) {
                   found.add("store at the end", "nothing of who was erased",
                             fmt::format("a record of kind {}", static_cast<int>(key[4])));
                   return false;
                 }));
  const auto files = files_under(blobs);
  for (const auto& file : files)
    if (!on_record.contains(file)) found.add("blobs at the end", "only what is on record", file);
  for (const auto& file : on_record)
    if (!files.contains(file)) found.add("blobs at the end", file, "no such file");
}

}  // namespace

void check_store(place& where, findings& found) {
  const auto blobs = where.folder() / "store" / "blobs";
  if (const auto code = where.hub().stop(); code != 0)
    found.add("stop", "an end in order", fmt::format("exit code {}", code));
  // Young files are left alone by the hub, which cannot know whether they are still to be recorded.
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(3);
  for (const auto& file : files_under(blobs)) fs::last_write_time(file, long_ago);
  if (!where.hub().start()) found.add("last start", "a hub that is ready", where.hub().log());
  test::until([&] { return files_under(blobs).empty(); }, std::chrono::seconds(3));
  where.hub().stop();
  where.put_newcomer(false);
  if (const auto problem = where.erase_newcomer(); !problem.empty())
    return found.add("erasing an organisation", "that it ends well", problem);
  const auto path = (where.folder() / "store" / "engine").string();
  storage::rocksdb_options options;
  options.path = path;
  const auto store = storage::open_rocksdb_engine(options);
  if (!store) return found.add("store at the end", "that it opens", store.error().message);
  look_into(**store, blobs.string(), found);
}

}  // namespace kp::crash
