#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

namespace kp::storage {
namespace {

std::string sequence_key(organisation_id organisation) {
  return key_builder(organisation, record_kind::sequence).str();
}

// 0 when there is none: ids begin at 1.
result<std::uint64_t> read_sequence(const engine& store, const std::string& key) {
  KP_TRY(const auto bytes, store.get(key));
  if (!bytes) return std::uint64_t{0};
  const auto value = from_big_endian<std::uint64_t>(*bytes);
  if (!value || *value == 0)
    return permanent(storage_errc::corrupt, "the stored row id sequence cannot be read");
  return *value;
}

}  // namespace

row_ids::row_ids(const engine& store, organisation_id organisation)
    : store_(store), organisation_(organisation) {}

result<row_id> row_ids::next(batch& b) {
  const std::scoped_lock lock(mutex_);
  const auto key = sequence_key(organisation_);
  if (!loaded_) {
    KP_TRY(const auto stored, read_sequence(store_, key));
    // Batches that opened two blocks may have been committed in the other order; a block more than
    // what is stored is past both.
    next_ = reserved_ = stored == 0 ? 1 : stored + block;
    durable_ = stored == 0;
    loaded_ = true;
  }
  if (next_ == reserved_) {
    reserved_ += block;
    durable_ = false;
  }
  if (!durable_) {
    // The batch that carried the reservation may have been refused or dropped, so every batch
    // carries it until it is seen in the store.
    KP_TRY(const auto stored, read_sequence(store_, key));
    durable_ = stored >= reserved_;
    if (!durable_) b.put(key, to_big_endian(reserved_));
  }
  return next_++;
}

}  // namespace kp::storage
