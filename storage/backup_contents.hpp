#pragma once

#include "storage/backup.hpp"
#include "storage/blob_format.hpp"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// How a backup lies on disk, and what of a store goes into it. Not for other rooms.

namespace kp::storage {

// Below a backup, and below storage.path of a hub.
inline constexpr std::string_view engine_folder = "engine", blobs_folder = "blobs";
// Above every organisation.
inline constexpr std::string_view end_of_keys = "\xff\xff\xff\xff\xff";

// Errors: not_found (without a manifest a backup is not finished), corrupt, unknown_format.
result<backup_manifest> read_manifest(const std::string& folder);
// Durable when it returns.
result<void> write_manifest(const std::string& folder, const backup_manifest&);

// Everyone that the store has records of, the hub itself included.
result<std::vector<organisation_id>> organisations_in(const engine&);

struct kept_content {
  std::string id;
  blob_record record;
};
// The next pieces of content of an organisation after the one with that id (empty: the first ones),
// in the order of their ids; none when there are no more.
result<std::vector<kept_content>> contents_after(const engine&, organisation_id,
                                                 const std::string& id);

// What the file system said against something, as storage_errc::io.
error io_failure(const std::filesystem::path& path, const std::error_code& why);

// A copy whose bytes are durable; its name is once its folder is synced.
result<void> copy_file(const std::string& from, const std::string& to);

}  // namespace kp::storage
