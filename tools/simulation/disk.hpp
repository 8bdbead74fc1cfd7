#pragma once

#include "storage/blobs.hpp"
#include "tools/simulation/stage.hpp"

#include <memory>

namespace kp::simulation {

// What is kept when a hub dies: a store and the files of attachments.
struct disk {
  std::unique_ptr<storage::engine> store = storage::make_memory_engine();
  std::map<std::string, std::string> files;  // by blob id
  std::uint64_t files_made = 0;
};

// The disk as one hub sees it, from its start to its end. When it is closed nothing that the hub
// still says reaches the disk.
class engine_door final : public storage::engine {
 public:
  engine_door(stage&, disk&);
  // The next group of commits fails in the sync, and so does every later one; whether what was
  // written is there after a restart is a matter of chance.
  void fail() { failing_ = true; }
  bool fails() const { return failing_; }
  void close();

  result<std::optional<std::string>> get(std::string_view key) const override;
  result<void> scan(std::string_view begin, std::string_view end, storage::scan_order,
                    const visitor&) const override;
  std::vector<result<void>> commit(std::span<const storage::batch> group) override;
  result<void> erase_range(std::string_view begin, std::string_view end) override;

 private:
  stage& stage_;
  disk& disk_;
  bool open_ = true;
  bool failing_ = false;
  bool failed_ = false;
  std::vector<storage::batch> written_;  // and not synced
};

class blobs_door final : public storage::blobs {
 public:
  blobs_door(stage&, disk&);
  void close() { open_ = false; }
  std::string record_key(organisation_id, const storage::blob_ref&) const;
  // As a writer that has completed.
  storage::blob_ref add(storage::batch&, organisation_id, std::string content);

  result<std::unique_ptr<writer>> create(organisation_id, const storage::committer&) override;
  result<std::shared_ptr<random_access_source>> open(organisation_id,
                                                     const storage::blob_ref&) override;
  void remove(storage::batch&, organisation_id, const storage::blob_ref&) override;
  void release(organisation_id, const storage::blob_ref&) override;
  result<std::size_t> collect(std::chrono::seconds) override { return std::size_t{0}; }

 private:
  stage& stage_;
  disk& disk_;
  bool open_ = true;
};

}  // namespace kp::simulation
