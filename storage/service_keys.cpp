#include "storage/service_keys.hpp"

#include "storage/keys.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

std::string key_of(organisation_id organisation, service via) {
  return key_builder(organisation, record_kind::service_key)
      .u8(static_cast<std::uint8_t>(via))
      .str();
}

}  // namespace

template <class Archive, class Key>
  requires std::same_as<std::remove_const_t<Key>, service_key>
void fields(Archive& a, Key& k) {
  a(k.sealed, k.received);
}

std::string encode(const service_key& k) {
  return encode_record(newest, k);
}

result<service_key> decode_service_key(std::string_view bytes) {
  return decode_record<service_key>(bytes, newest, "key of a service");
}

service_keys::service_keys(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<std::optional<service_key>> service_keys::find(service via) const {
  KP_TRY(const auto bytes, store_.get(key_of(organisation_, via)));
  if (!bytes) return std::optional<service_key>{};
  KP_TRY(auto found, decode_service_key(*bytes));
  return std::optional(std::move(found));
}

void service_keys::put(batch& b, service via, const service_key& k) const {
  b.put(key_of(organisation_, via), encode(k));
}

}  // namespace kp::storage
