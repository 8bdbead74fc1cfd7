#pragma once

#include "config/clock.hpp"
#include "storage/checkpoint.hpp"
#include "storage/held_files.hpp"

#include <cstdint>
#include <string>

// Backups: a folder with the engine and the stored content of one moment, and a manifest that is
// written last. The master key is not in it: whoever finds a backup can read nothing.

namespace kp::storage {

// Of a manifest's layout; one that is newer is refused.
inline constexpr std::uint64_t backup_format = 1;

struct backup_manifest {
  std::uint64_t format = backup_format;
  std::string program;  // the version that made it
  time_point made{};
  std::uint64_t files = 0, file_bytes = 0;  // of stored content outside the engine
};

// A running store.
struct backup_source {
  checkpointed& engine;
  held_files& files;
  std::string blobs_directory;
};

// Makes a backup into `folder`, an absolute path that does not exist while its parent does. What
// was acknowledged before the call is in it. Files are linked on the same file system and copied to
// another one. Takes its time, on the caller's thread; nobody waits for it but removals of files.
// Errors: io (then nothing is left of it), corrupt.
result<backup_manifest> make_backup(const backup_source&, const std::string& folder, const clock&);

struct backup_report {
  backup_manifest manifest;
  std::uint64_t records = 0, record_bytes = 0;
  std::uint64_t contents = 0, content_bytes = 0;  // opened and read to their end
};

// Proves a backup: the manifest, every record's checksum, and every piece of content decrypted and
// held against its digest. Changes nothing. `master_key`: 32 bytes. Errors: not_found (no finished
// backup), unknown_format, corrupt, io; the sentence names the first thing that is wrong.
result<backup_report> verify_backup(const std::string& folder, const std::string& master_key);

// Copies a backup to where a hub will look for its store; the hub must not run. Nothing is there
// unless all of it is. Errors: io (also when there is a store already).
result<void> restore_backup(const std::string& folder, const std::string& storage_path);

}  // namespace kp::storage
