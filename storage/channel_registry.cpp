#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::string prefix(organisation_id organisation) {
  return key_builder(organisation, record_kind::channel_registry).str();
}

std::string name_key(organisation_id organisation, const channel_name& name) {
  return key_builder(organisation, record_kind::channel_registry).text(name.to_string()).str();
}

result<std::uint32_t> decode_number(std::string_view bytes) {
  const auto number = from_big_endian<std::uint32_t>(bytes);
  if (!number) return permanent(storage_errc::corrupt, "a stored channel number cannot be read");
  return *number;
}

}  // namespace

channel_registry::channel_registry(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<channel_number>> channel_registry::find(const channel_name& name) const {
  KP_TRY(const auto bytes, store_.get(name_key(organisation_, name)));
  if (!bytes) return std::optional<channel_number>{};
  KP_TRY(const auto number, decode_number(*bytes));
  return std::optional<channel_number>{channel_number{number}};
}

result<std::vector<channel_registry::entry>> channel_registry::all() const {
  std::vector<entry> found;
  const auto begin = prefix(organisation_);
  KP_CHECK(walk(store_, begin, prefix_end(begin), scan_order::ascending,
                [&](const storage::entry& at) -> result<bool> {
                  KP_TRY(auto name, channel_name::parse(key_reader(at.key).rest()));
                  KP_TRY(const auto number, decode_number(at.value));
                  found.push_back({std::move(name), channel_number{number}});
                  return true;
                }));
  return found;
}

channel_number channel_registry::add(batch& b, const channel_name& name,
                                     const std::vector<entry>& all) const {
  std::uint32_t highest = 0;
  for (const auto& each : all) highest = std::max(highest, static_cast<std::uint32_t>(each.number));
  // Several channels may be added in one batch.
  const auto registry = prefix(organisation_);
  for (const auto& change : b.changes())
    if (change.key.starts_with(registry) && change.value)
      if (const auto number = decode_number(*change.value)) highest = std::max(highest, *number);
  const auto key = name_key(organisation_, name);
  b.require_absent(key);
  b.put(key, to_big_endian(highest + 1));
  return channel_number{highest + 1};
}

}  // namespace kp::storage
