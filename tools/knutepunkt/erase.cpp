#include "tools/knutepunkt/erase.hpp"

#include "config/config_error.hpp"
#include "config/hub_settings.hpp"
#include "storage/erase.hpp"
#include "tenants/loader.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <filesystem>

namespace kp {

namespace {

error refuse(std::string why) {
  return permanent(config_errc::invalid_value, std::move(why));
}

// Also a file with problems counts: it may be mended, and the hub would start anew with nothing.
result<void> has_no_file(const std::string& folder, organisation_id id,
                         const environment& variables) {
  const auto tenants = tenants::load_folder(folder, variables);
  for (const auto& one : tenants.organisations)
    if (one->id == id)
      return refuse(fmt::format("organisation {} has a file, {}; remove it first", id.to_string(),
                                one->file));
  if (!tenants.problems.empty())
    return refuse(
        fmt::format("whose files these are cannot be told before they are mended or "
                    "removed: {}",
                    to_string(tenants.problems.front())));
  return {};
}

std::string to_json(const storage::erase_receipt& receipt, organisation_id id) {
  boost::json::object kinds;
  for (std::size_t i = 0; i < receipt.kinds.size(); ++i)
    kinds[std::to_string(receipt.kinds[i])] = receipt.kind_counts.at(i);
  boost::json::object shown{
      {"organisation", id.to_string()}, {"begun", format_timestamp(receipt.begun)},
      {"records", receipt.records},     {"recordBytes", receipt.record_bytes},
      {"files", receipt.files},         {"fileBytes", receipt.file_bytes},
      {"recordKinds", std::move(kinds)}};
  if (receipt.finished) shown["finished"] = format_timestamp(*receipt.finished);
  return boost::json::serialize(shown) + "\n";
}

}  // namespace

result<std::string> erase_offline(const std::string& hub_file, const std::string& number,
                                  const environment& variables) {
  const auto hub = load_hub(hub_file, variables);
  if (!hub.settings)
    return refuse(hub.problems.empty() ? hub_file + " cannot be used"
                                       : to_string(hub.problems.front()));
  KP_TRY(const auto id, organisation_id::parse(number));
  KP_CHECK(has_no_file(hub.settings->tenants_folder, id, variables));
  const std::filesystem::path root = hub.settings->storage_path;
  storage::rocksdb_options options;
  options.path = (root / "engine").string();
  if (!std::filesystem::exists(options.path))
    return refuse(fmt::format("there is no store in {}", root.string()));
  KP_TRY(const auto store, storage::open_rocksdb_engine(options));
  KP_TRY(const auto receipt,
         storage::erase_organisation(*store, (root / "blobs").string(), id, wall_clock()));
  return to_json(receipt, id);
}

}  // namespace kp
