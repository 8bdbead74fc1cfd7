#include "storage/erase.hpp"

#include "config/crash_point.hpp"
#include "storage/keys.hpp"
#include "storage/record_io.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace kp::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t newest = 1;

std::string receipt_key(organisation_id organisation) {
  return key_builder(hub_itself, record_kind::erase_receipt).u32(organisation.number()).str();
}

error failed(const std::string& path, const std::error_code& why) {
  return transient(storage_errc::io, fmt::format("{}: {}", path, why.message()));
}

result<void> count_records(const engine& store, organisation_id organisation,
                           erase_receipt& receipt) {
  std::map<std::uint64_t, std::uint64_t> kinds;
  KP_CHECK(store.scan(organisation_begin(organisation), organisation_end(organisation),
                      scan_order::ascending, [&](std::string_view key, std::string_view value) {
                        ++receipt.records;
                        receipt.record_bytes += key.size() + value.size();
                        if (key.size() >= key_reader::header)
                          ++kinds[static_cast<unsigned char>(key[key_reader::header - 1])];
                        return true;
                      }));
  for (const auto& [kind, count] : kinds) {
    receipt.kinds.push_back(kind);
    receipt.kind_counts.push_back(count);
  }
  return {};
}

result<void> count_files(const std::string& folder, erase_receipt& receipt) {
  std::error_code why;
  if (!fs::exists(folder, why)) return {};
  auto at = fs::recursive_directory_iterator(folder, why);
  for (; !why && at != fs::recursive_directory_iterator(); at.increment(why)) {
    if (!at->is_regular_file(why) || why) continue;
    ++receipt.files;
    receipt.file_bytes += at->file_size(why);
  }
  if (why) return failed(folder, why);
  return {};
}

result<void> commit_one(engine& store, const batch& changes) {
  return store.commit({&changes, 1}).front();
}

}  // namespace

template <class Archive, class Receipt>
  requires std::same_as<std::remove_const_t<Receipt>, erase_receipt>
void fields(Archive& a, Receipt& r) {
  a(r.organisation, r.begun, r.finished, r.records, r.record_bytes, r.files, r.file_bytes, r.kinds,
    r.kind_counts);
}

std::string encode(const erase_receipt& r) {
  return encode_record(newest, r);
}

result<erase_receipt> decode_erase_receipt(std::string_view bytes) {
  return decode_record<erase_receipt>(bytes, newest, "erase receipt");
}

result<std::optional<erase_receipt>> find_erase_receipt(const engine& store,
                                                        organisation_id organisation) {
  KP_TRY(const auto bytes, store.get(receipt_key(organisation)));
  if (!bytes) return std::optional<erase_receipt>{};
  KP_TRY(auto receipt, decode_erase_receipt(*bytes));
  return std::optional<erase_receipt>{std::move(receipt)};
}

result<erase_receipt> erase_organisation(engine& store, const std::string& blobs_directory,
                                         organisation_id organisation, const clock& time) {
  const auto folder = (fs::path(blobs_directory) / organisation.to_string()).string();
  KP_TRY(const auto before, find_erase_receipt(store, organisation));
  erase_receipt receipt;
  if (before && !before->finished) {
    receipt = *before;  // what there was is counted already, and some of it is gone
  } else {
    receipt.organisation = organisation.number();
    receipt.begun = time.now();
    KP_CHECK(count_records(store, organisation, receipt));
    KP_CHECK(count_files(folder, receipt));
    if (receipt.records == 0 && receipt.files == 0)
      return permanent(storage_errc::not_found,
                       fmt::format("there is nothing of organisation {} in this store",
                                   organisation.to_string()));
    batch first;
    first.put(receipt_key(organisation), encode(receipt));
    first.erase(key_builder(organisation, record_kind::data_key).str());
    KP_CHECK(commit_one(store, first));
  }
  // Off the disk too, not only out of sight, before anything else goes.
  crash_point("erasing");
  const auto key = key_builder(organisation, record_kind::data_key).str();
  KP_CHECK(store.erase_range(key, prefix_end(key)));
  crash_point("erasing");
  std::error_code why;
  fs::remove_all(folder, why);
  if (why) return failed(folder, why);
  crash_point("erasing");
  KP_CHECK(store.erase_range(organisation_begin(organisation), organisation_end(organisation)));
  crash_point("erasing");
  receipt.finished = time.now();
  batch last;
  last.put(receipt_key(organisation), encode(receipt));
  KP_CHECK(commit_one(store, last));
  return receipt;
}

}  // namespace kp::storage
