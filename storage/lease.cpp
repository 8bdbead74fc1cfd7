#include "storage/lease.hpp"

#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

}  // namespace

template <class Archive, class Lease>
  requires std::same_as<std::remove_const_t<Lease>, lease>
void fields(Archive& a, Lease& l) {
  a(l.owner, l.expires, l.fence);
}

std::string encode(const lease& l) {
  return encode_record(newest, l);
}

result<lease> decode_lease(std::string_view bytes) {
  return decode_record<lease>(bytes, newest, "lease");
}

result<std::optional<lease>> read_lease(const engine& store, std::string_view key) {
  KP_TRY(const auto bytes, store.get(key));
  if (!bytes) return std::optional<lease>{};
  KP_TRY(auto held, decode_lease(*bytes));
  return std::optional<lease>{std::move(held)};
}

result<lease> take_lease(batch& b, std::string key, const std::optional<lease>& current,
                         std::string_view owner, time_point now, std::chrono::microseconds ttl) {
  const bool live = current && current->held_at(now);
  if (live && current->owner != owner)
    return transient(storage_errc::fenced, "somebody else holds the lease");
  lease taken{std::string(owner), now + ttl, current ? current->fence : 0};
  if (!live) ++taken.fence;
  if (current)
    b.require_value(key, encode(*current));
  else
    b.require_absent(key);
  b.put(std::move(key), encode(taken));
  return taken;
}

void release_lease(batch& b, std::string key, const lease& held) {
  b.require_fence(key, held.fence);
  b.put(std::move(key), encode(lease{{}, {}, held.fence}));
}

}  // namespace kp::storage
