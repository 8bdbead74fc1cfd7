#include "storage/operator_marks.hpp"

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

std::uint8_t raw(service via) {
  return static_cast<std::uint8_t>(via);
}

std::string pause_key(organisation_id organisation, service via) {
  return key_builder(organisation, record_kind::service_pause).u8(raw(via)).str();
}

std::string mark_key(organisation_id organisation, service via, row_id item) {
  return key_builder(organisation, record_kind::outbox_parked).u8(raw(via)).u64(item).str();
}

}  // namespace

template <class Archive, class Pause>
  requires std::same_as<std::remove_const_t<Pause>, service_pause>
void fields(Archive& a, Pause& p) {
  a(p.sending, p.receiving, p.at, p.by, p.reason);
}

std::string encode(const service_pause& p) {
  return encode_record(newest, p);
}

result<service_pause> decode_service_pause(std::string_view bytes) {
  return decode_record<service_pause>(bytes, newest, "pause of a service");
}

service_pauses::service_pauses(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<service_pause>> service_pauses::find(service via) const {
  KP_TRY(const auto bytes, store_.get(pause_key(organisation_, via)));
  if (!bytes) return std::optional<service_pause>{};
  KP_TRY(auto found, decode_service_pause(*bytes));
  return std::optional(std::move(found));
}

void service_pauses::put(batch& b, service via, const service_pause& p) const {
  auto key = pause_key(organisation_, via);
  if (p.sending || p.receiving)
    b.put(std::move(key), encode(p));
  else
    b.erase(std::move(key));
}

template <class Archive, class Mark>
  requires std::same_as<std::remove_const_t<Mark>, parked_mark>
void fields(Archive& a, Mark& m) {
  a(m.at, m.by, m.reason);
}

std::string encode(const parked_mark& m) {
  return encode_record(newest, m);
}

result<parked_mark> decode_parked_mark(std::string_view bytes) {
  return decode_record<parked_mark>(bytes, newest, "mark of a parked item");
}

parked_items::parked_items(const engine& store, organisation_id organisation, service via)
    : store_(store), organisation_(organisation), via_(via) {}

result<std::optional<parked_mark>> parked_items::find(row_id item) const {
  KP_TRY(const auto bytes, store_.get(mark_key(organisation_, via_, item)));
  if (!bytes) return std::optional<parked_mark>{};
  KP_TRY(auto found, decode_parked_mark(*bytes));
  return std::optional(std::move(found));
}

void parked_items::put(batch& b, row_id item, const parked_mark& m) const {
  b.put(mark_key(organisation_, via_, item), encode(m));
}

void parked_items::remove(batch& b, row_id item) const {
  b.erase(mark_key(organisation_, via_, item));
}

result<void> parked_items::tidy(batch& b, std::size_t limit) const {
  const auto prefix = key_builder(organisation_, record_kind::outbox_parked).u8(raw(via_)).str();
  std::vector<row_id> marked;
  KP_CHECK(store_.scan(prefix, prefix_end(prefix), scan_order::ascending,
                       [&](std::string_view key, std::string_view) {
                         const auto id = from_big_endian<row_id>(key.substr(prefix.size()));
                         if (id) marked.push_back(*id);
                         return marked.size() < limit;
                       }));
  const outbox items(store_, organisation_, via_);
  for (const auto id : marked) {
    KP_TRY(const auto item, items.find(id));
    if (!item) remove(b, id);
  }
  return {};
}

}  // namespace kp::storage
