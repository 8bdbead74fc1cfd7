#include "storage/channel_numbers.hpp"

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/storage_error.hpp"

#include <algorithm>

namespace kp::storage {
namespace {

std::uint32_t raw(channel_number number) {
  return static_cast<std::uint32_t>(number);
}

std::string name_key(organisation_id organisation, const channel_name& name) {
  return key_builder(organisation, record_kind::channel_registry).text(name.to_string()).str();
}

std::string merge_key(organisation_id organisation, channel_number from) {
  return key_builder(organisation, record_kind::channel_merge).u32(raw(from)).str();
}

std::string encode(const channel_merge& merge) {
  return to_big_endian(raw(merge.into)) + static_cast<char>(merge.done ? 1 : 0);
}

result<std::vector<channel_merge>> all_merges(const engine& store, organisation_id organisation) {
  std::vector<channel_merge> found;
  const auto begin = key_builder(organisation, record_kind::channel_merge).str();
  KP_CHECK(walk(
      store, begin, prefix_end(begin), scan_order::ascending, [&](const entry& at) -> result<bool> {
        key_reader key(at.key);
        const channel_number from{key.u32()};
        const std::string_view value = at.value;
        if (!key.whole() || value.size() != 5)
          return permanent(storage_errc::corrupt, "a stored channel merge cannot be read");
        const channel_number into{*from_big_endian<std::uint32_t>(value.substr(0, 4))};
        found.push_back({from, into, value[4] != 0});
        return true;
      }));
  return found;
}

class numbering {
 public:
  numbering(batch& b, organisation_id organisation, std::vector<channel_registry::entry> known,
            std::vector<channel_merge> merges)
      : batch_(b), organisation_(organisation), merges_(std::move(merges)) {
    for (auto& [name, number] : known) {
      highest_ = std::max(highest_, raw(number));
      known_.emplace(std::move(name), number);
    }
    for (const auto& each : merges_)
      highest_ = std::max({highest_, raw(each.from), raw(each.into)});
  }

  channel_numbers run(std::span<const wanted_channel> wanted) {
    for (const auto& each : wanted)
      if (const auto own = known_.find(each.name); own != known_.end()) take(own, each.name);
    for (const auto& each : wanted) {
      for (const auto& previous : each.previous)
        if (const auto old = known_.find(previous); old != known_.end()) inherit(old, each.name);
      if (!out_.numbers.contains(each.name)) add(each.name, channel_number{++highest_});
    }
    for (const auto& [name, number] : known_) out_.left.push_back({name, number});
    follow_merges();
    return std::move(out_);
  }

 private:
  using known_channels = std::map<channel_name, channel_number>;

  void take(known_channels::iterator own, const channel_name& name) {
    out_.numbers.emplace(name, own->second);
    known_.erase(own);
  }

  void add(const channel_name& name, channel_number number) {
    batch_.require_absent(name_key(organisation_, name));
    batch_.put(name_key(organisation_, name), to_big_endian(raw(number)));
    out_.numbers.emplace(name, number);
  }

  void inherit(known_channels::iterator old, const channel_name& heir) {
    const auto [previous, number] = *old;
    batch_.require_value(name_key(organisation_, previous), to_big_endian(raw(number)));
    batch_.erase(name_key(organisation_, previous));
    known_.erase(old);
    const auto own = out_.numbers.find(heir);
    if (own == out_.numbers.end()) {
      add(heir, number);
      out_.renamed.emplace_back(previous, heir);
      return;
    }
    const channel_merge merge{number, own->second, false};
    batch_.require_absent(merge_key(organisation_, number));
    batch_.put(merge_key(organisation_, number), encode(merge));
    merges_.push_back(merge);
    out_.taken.emplace_back(previous, heir);
  }

  // A number that took over others may have been taken over itself; none ever comes back.
  void follow_merges() {
    std::map<channel_number, channel_number> next;
    for (const auto& each : merges_) next.emplace(each.from, each.into);
    for (auto& each : merges_) {
      for (auto at = next.find(each.into); at != next.end(); at = next.find(each.into))
        each.into = at->second;
      out_.merged.emplace(each.from, each.into);
      if (!each.done) out_.to_move.push_back(each);
    }
  }

  batch& batch_;
  organisation_id organisation_;
  known_channels known_;  // those that nobody has taken yet
  std::vector<channel_merge> merges_;
  std::uint32_t highest_ = 0;
  channel_numbers out_;
};

}  // namespace

result<channel_numbers> number_channels(batch& b, const engine& store, organisation_id organisation,
                                        std::span<const wanted_channel> wanted) {
  KP_TRY(auto known, channel_registry(store, organisation).all());
  KP_TRY(auto merges, all_merges(store, organisation));
  return numbering(b, organisation, std::move(known), std::move(merges)).run(wanted);
}

void finish_merge(batch& b, organisation_id organisation, const channel_merge& merge) {
  b.put(merge_key(organisation, merge.from), encode({merge.from, merge.into, true}));
}

}  // namespace kp::storage
