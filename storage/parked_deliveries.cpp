#include "storage/parked_deliveries.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

key_builder parked_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::fiks_parked);
}

}  // namespace

template <class Archive, class Ref>
  requires std::same_as<std::remove_const_t<Ref>, blob_ref>
void fields(Archive& a, Ref& r) {
  a(r.id, r.size, r.sha256);
}

template <class Archive, class Parked>
  requires std::same_as<std::remove_const_t<Parked>, parked_delivery>
void fields(Archive& a, Parked& p) {
  a(p.id, p.account, p.headers, p.reason, p.body, p.at);
}

std::string encode(const parked_delivery& p) {
  return encode_record(newest, p);
}

result<parked_delivery> decode_parked_delivery(std::string_view bytes) {
  return decode_record<parked_delivery>(bytes, newest, "parked delivery of FIKS IO");
}

result<std::optional<parked_delivery>> parked_deliveries::find(std::string_view id) const {
  return find_record(store_, parked_of(organisation_).text(id).str(), &decode_parked_delivery);
}

void parked_deliveries::put(batch& b, const parked_delivery& p) const {
  b.put(parked_of(organisation_).text(p.id).str(), encode(p));
}

void parked_deliveries::remove(batch& b, const parked_delivery& p) const {
  b.erase(parked_of(organisation_).text(p.id).str());
}

result<std::vector<parked_delivery>> parked_deliveries::all() const {
  const auto prefix = parked_of(organisation_).str();
  std::vector<parked_delivery> found;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  KP_TRY(auto each, decode_parked_delivery(at.value));
                  found.push_back(std::move(each));
                  return found.size() < most;
                }));
  return found;
}

}  // namespace kp::storage
