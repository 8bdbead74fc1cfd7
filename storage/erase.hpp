#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kp::storage {

// What was erased of one organisation, kept outside of what is erased.
struct erase_receipt {
  std::uint32_t organisation = 0;  // its number
  time_point begun{};              // when its data key was destroyed: nothing can be read since
  std::optional<time_point> finished;
  std::uint64_t records = 0;  // everything in the store, and how many bytes
  std::uint64_t record_bytes = 0;
  std::uint64_t files = 0;  // content beside the store, and how many bytes
  std::uint64_t file_bytes = 0;
  std::vector<std::uint64_t> kinds;        // numbers of record kinds that there were, rising
  std::vector<std::uint64_t> kind_counts;  // how many of each
};
std::string encode(const erase_receipt&);
result<erase_receipt> decode_erase_receipt(std::string_view bytes);  // corrupt, unknown_format

// The receipt of the last time that the organisation was erased, finished or not.
result<std::optional<erase_receipt>> find_erase_receipt(const engine&, organisation_id);

// Erases everything of an organisation that does not run: destroys its data key first, in one
// commit with a receipt of what there is; then its files below `blobs_directory`; then every
// record. Broken off, it is completed by calling it again. Errors: not_found when there is nothing
// of it; those of the store.
result<erase_receipt> erase_organisation(engine& store, const std::string& blobs_directory,
                                         organisation_id organisation, const clock& time);

}  // namespace kp::storage
