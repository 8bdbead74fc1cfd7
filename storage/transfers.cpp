#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/repositories.hpp"

namespace kp::storage {
namespace {

key_builder transfers_of(organisation_id organisation, service via) {
  return key_builder(organisation, record_kind::transfer).u8(static_cast<std::uint8_t>(via));
}

}  // namespace

transfers::transfers(const engine& store, organisation_id organisation, service via)
    : store_(store), organisation_(organisation), via_(via) {}

result<std::optional<transfer>> transfers::find(std::string_view id) const {
  return find_record<transfer>(store_, transfers_of(organisation_, via_).text(id).str());
}

void transfers::put(batch& b, const transfer& t) const {
  b.put(transfers_of(organisation_, via_).text(t.id).str(), encode(t));
}

void transfers::remove(batch& b, std::string_view id) const {
  b.erase(transfers_of(organisation_, via_).text(id).str());
}

result<std::vector<transfer>> transfers::all(std::size_t limit) const {
  const auto prefix = transfers_of(organisation_, via_).str();
  std::vector<transfer> found;
  if (limit == 0) return found;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  KP_TRY(auto each, decode<transfer>(at.value));
                  found.push_back(std::move(each));
                  return found.size() < limit;
                }));
  return found;
}

}  // namespace kp::storage
