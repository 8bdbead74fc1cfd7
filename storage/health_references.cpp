#include "storage/health_references.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

key_builder references_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::health_reference);
}
key_builder times_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::health_reference_by_time);
}

}  // namespace

template <class Archive, class Reference>
  requires std::same_as<std::remove_const_t<Reference>, health_reference>
void fields(Archive& a, Reference& r) {
  a(r.id, r.message, r.receiver, r.sender, r.arrived);
}

std::string encode(const health_reference& r) {
  return encode_record(newest, r);
}

result<health_reference> decode_health_reference(std::string_view bytes) {
  return decode_record<health_reference>(bytes, newest, "health reference");
}

result<std::optional<health_reference>> health_references::find(std::string_view id) const {
  return find_record(store_, references_of(organisation_).text(id).str(),
                     &decode_health_reference);
}

void health_references::put(batch& b, const health_reference& r) const {
  b.put(references_of(organisation_).text(r.id).str(), encode(r));
  b.put(times_of(organisation_).time(r.arrived).text(r.id).str(), {});
}

result<void> health_references::forget(batch& b, time_point when, std::size_t limit) const {
  if (limit == 0) return {};
  const auto all = times_of(organisation_);
  std::size_t taken = 0;
  return walk(store_, all.str(), key_builder(all).time(when).str(), scan_order::ascending,
              [&](const entry& at) -> result<bool> {
                key_reader read(at.key);
                read.time();
                b.erase(references_of(organisation_).text(read.rest()).str());
                b.erase(at.key);
                return ++taken < limit;
              });
}

}  // namespace kp::storage
