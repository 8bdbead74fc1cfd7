#pragma once

#include "config/byte_io.hpp"
#include "config/random.hpp"
#include "storage/engine.hpp"
#include "storage/records.hpp"

#include <memory>

namespace kp::storage {

// The store writer's door for threads outside the actors: commits one batch durably and waits for it.
using committer = std::function<result<void>(batch)>;

// The keys that encrypt stored content. One 256-bit data key per organisation, made at first use and
// kept wrapped (AES-256-GCM) under the hub's master key, so that destroying one organisation's
// wrapped key destroys its content. Thread safe.
class data_keys {
 public:
  // `master_key`: 32 bytes.
  data_keys(engine& store, std::string master_key, std::shared_ptr<random_source> random);
  ~data_keys();
  // The data key, made when there is none; `write` commits a batch durably (the store writer's door
  // for threads outside the actors) and is called at most once.
  result<std::string> of(organisation_id, const committer& write);
  // Lets go of the cached key; the stored one stays.
  void forget(organisation_id);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// Encrypted content of any size. At most `inline_limit` bytes live inside the engine; more lives in
// a file beside it, in chunks of `chunk` plaintext bytes, each AES-256-GCM with the organisation,
// the blob's id, the chunk's number and whether it is the last in its additional data: a chunk
// cannot be changed, moved, dropped or taken from another blob or organisation unseen. Files are
// written to a temporary name, synced, renamed, and the directory is synced, before the record that
// points to them is committed. A file without record is garbage that collect() removes.
class blobs {
 public:
  static constexpr std::size_t inline_limit = 64 * 1024;
  static constexpr std::size_t chunk = 256 * 1024;

  // `directory` is made when absent.
  static result<std::unique_ptr<blobs>> open(engine& store, std::string directory, data_keys& keys,
                                             std::shared_ptr<random_source> random);
  virtual ~blobs() = default;

  // Writes one blob. Nothing is visible before complete() and the commit of the batch it filled;
  // destroyed earlier, it removes what it wrote. Uses at most two chunks of memory. Not thread safe,
  // may move between threads.
  class writer : public byte_sink {
   public:
    // Completes the content, makes the file durable, and adds the blob's record (and small content)
    // to `b`.
    virtual result<blob_ref> complete(batch& b) = 0;
    virtual std::uint64_t written() const = 0;
  };
  virtual result<std::unique_ptr<writer>> create(organisation_id,
                                                 const committer& write) = 0;

  // The content; every read is authenticated. Errors: not_found, corrupt, io.
  virtual result<std::shared_ptr<random_access_source>> open(organisation_id, const blob_ref&) = 0;

  // Adds forgetting the blob to `b`. After the commit the file is removed by release().
  virtual void remove(batch& b, organisation_id, const blob_ref&) = 0;
  virtual void release(organisation_id, const blob_ref&) = 0;  // unlink; a failure is left to collect()

  // Removes files that no record points to and that are older than `age`. Returns how many.
  virtual result<std::size_t> collect(std::chrono::seconds age) = 0;
};

// Spools (config/byte_io.hpp) in `directory`: unlinked from birth (O_TMPFILE), and encrypted with
// AES-256-CTR under a key that lives only in memory, so that neither a crash nor a stolen disk shows
// anything.
std::shared_ptr<spool_factory> make_file_spools(std::string directory,
                                                std::shared_ptr<random_source> random);

}  // namespace kp::storage
