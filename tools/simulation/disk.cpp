#include "tools/simulation/disk.hpp"

#include "protocol/crypto/digest.hpp"
#include "storage/keys.hpp"
#include "storage/storage_error.hpp"

namespace kp::simulation {

using storage::storage_errc;

engine_door::engine_door(stage& on, disk& what) : stage_(on), disk_(what) {}

void engine_door::close() {
  if (!open_) return;
  open_ = false;
  if (written_.empty()) return;
  // The log was written to its end, to somewhere, or not at all.
  written_.resize(stage_.chance.below(written_.size() + 1));
  stage_.say("of what was not synced {} commits are there", written_.size());
  static_cast<void>(disk_.store->commit(written_));
}

result<std::optional<std::string>> engine_door::get(std::string_view key) const {
  return disk_.store->get(key);
}

result<void> engine_door::scan(std::string_view begin, std::string_view end,
                               storage::scan_order order, const visitor& visit) const {
  return disk_.store->scan(begin, end, order, visit);
}

std::vector<result<void>> engine_door::commit(std::span<const storage::batch> group) {
  if (open_ && !failing_) {
    std::size_t changes = 0;
    for (const auto& each : group) changes += each.changes().size() + each.appended().size();
    auto outcomes = disk_.store->commit(group);
    stage_.say("commit {} of {} changes", group.size(), changes);
    return outcomes;
  }
  if (open_ && !failed_) {
    stage_.say("commit {} fails", group.size());
    written_.assign(group.begin(), group.end());
  }
  const auto code = failed_ ? storage_errc::read_only : storage_errc::io;
  failed_ = true;
  return std::vector<result<void>>(group.size(), result<void>(permanent(code, "the disk fails")));
}

result<void> engine_door::erase_range(std::string_view begin, std::string_view end) {
  if (!open_ || failing_) return permanent(storage_errc::io, "the disk fails");
  return disk_.store->erase_range(begin, end);
}

blobs_door::blobs_door(stage& on, disk& what) : stage_(on), disk_(what) {}

std::string blobs_door::record_key(organisation_id owner, const storage::blob_ref& ref) const {
  return storage::key_builder(owner, storage::record_kind::blob).text(ref.id).str();
}

storage::blob_ref blobs_door::add(storage::batch& b, organisation_id owner, std::string content) {
  const storage::blob_ref ref{fmt::format("{:032x}", ++disk_.files_made), content.size(),
                              crypto::sha256(content)};
  b.put(record_key(owner, ref), "blob");
  if (open_) disk_.files.emplace(ref.id, std::move(content));
  return ref;
}

result<std::unique_ptr<storage::blobs::writer>> blobs_door::create(organisation_id,
                                                                   const storage::committer&) {
  return permanent(storage_errc::io, "nobody streams here");
}

result<std::shared_ptr<random_access_source>> blobs_door::open(organisation_id,
                                                               const storage::blob_ref& ref) {
  const auto found = disk_.files.find(ref.id);
  if (found == disk_.files.end()) return permanent(storage_errc::not_found, "no such content");
  return std::shared_ptr<random_access_source>(
      std::make_shared<string_random_access>(found->second));
}

void blobs_door::remove(storage::batch& b, organisation_id owner, const storage::blob_ref& ref) {
  b.erase(record_key(owner, ref));
}

void blobs_door::release(organisation_id owner, const storage::blob_ref& ref) {
  if (!open_) return;
  const auto record = disk_.store->get(record_key(owner, ref));
  if (record && *record)
    stage_.finding("content {} of {} is removed while it is on record", ref.id, owner.to_string());
  disk_.files.erase(ref.id);
}

}  // namespace kp::simulation
