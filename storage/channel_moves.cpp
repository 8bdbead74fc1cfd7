#include "storage/channel_moves.hpp"

#include "storage/big_endian.hpp"
#include "storage/keys.hpp"
#include "storage/paging.hpp"

namespace kp::storage {
namespace {

std::uint32_t raw(channel_number number) {
  return static_cast<std::uint32_t>(number);
}

class mover {
 public:
  mover(batch& b, const engine& store, organisation_id organisation, const conversations& talks,
        const statuses& rows, channel_number from, channel_number into, std::size_t limit)
      : batch_(b),
        store_(store),
        organisation_(organisation),
        talks_(talks),
        rows_(rows),
        from_(from),
        into_(into),
        left_(limit) {}

  result<std::size_t> run() {
    const auto limit = left_;
    KP_CHECK(each(record_kind::outgoing_message, [this](const auto& at) { return outgoing(at); }));
    KP_CHECK(each(record_kind::conversation, [this](const auto& at) { return talk(at); }));
    KP_CHECK(each(record_kind::inbound_listing, [this](const auto& at) { return inbound(at); }));
    // What is there yet belongs to messages that are gone.
    if (left_ == limit)
      for (const auto kind : {record_kind::inbound_queue, record_kind::inbound_lock_expiry})
        KP_CHECK(each(kind, [this](const entry& at) -> result<void> {
          batch_.erase(at.key);
          return {};
        }));
    return limit - left_;
  }

 private:
  key_builder under(record_kind kind, channel_number number) const {
    return key_builder(organisation_, kind).u32(raw(number));
  }

  template <class Move>
  result<void> each(record_kind kind, Move move) {
    if (left_ == 0) return {};
    const auto prefix = under(kind, from_).str();
    KP_TRY(const auto entries,
           read_entries(store_, prefix, prefix_end(prefix), scan_order::ascending, left_));
    for (const auto& at : entries) {
      KP_CHECK(move(at));
      --left_;
    }
    return {};
  }

  // Its key under the other number: organisation, kind, number, and the rest as it is.
  std::string moved_key(const std::string& key) const {
    auto moved = key;
    moved.replace(key_reader::header, 4, to_big_endian(raw(into_)));
    return moved;
  }

  template <class Record>
  result<Record> move_record(const entry& at) {
    KP_TRY(auto record, decode<Record>(at.value));
    batch_.require_value(at.key, at.value);
    batch_.erase(at.key);
    record.channel = into_;
    batch_.put(moved_key(at.key), encode(record));
    return record;
  }

  result<void> outgoing(const entry& at) {
    KP_TRY(const auto message, move_record<outgoing_message>(at));
    batch_.put(key_builder(organisation_, record_kind::outgoing_owner)
                   .text(message.message.to_string())
                   .str(),
               to_big_endian(raw(into_)));
    return {};
  }

  result<void> talk(const entry& at) {
    KP_TRY(const auto c, decode<conversation>(at.value));
    KP_TRY(const auto all, rows_.of_conversation(c));
    talks_.move(batch_, c, into_);
    return rows_.move(batch_, c, all, into_);
  }

  // The listing names every message of the inbox, locked or not.
  result<void> inbound(const entry& at) {
    batch_.erase(at.key);
    const auto key = key_builder(organisation_, record_kind::inbound_message).text(at.value).str();
    KP_TRY(const auto bytes, store_.get(key));
    if (!bytes) return {};  // removed meanwhile
    KP_TRY(auto message, decode<inbound_message>(*bytes));
    if (message.channel != from_) return {};
    batch_.require_value(key, *bytes);
    message.channel = into_;
    batch_.put(key, encode(message));
    batch_.put(moved_key(at.key), at.value);

    const auto lock = key_builder(organisation_, record_kind::inbound_lock).text(at.value).str();
    KP_TRY(const auto held_bytes, store_.get(lock));
    std::optional<lease> held;
    if (held_bytes) {
      KP_TRY(held, decode_lease(*held_bytes));
      batch_.require_value(lock, *held_bytes);
    } else {
      batch_.require_absent(lock);
    }
    if (held && !held->owner.empty()) {
      const auto expiry = [&](channel_number number) {
        return under(record_kind::inbound_lock_expiry, number)
            .time(held->expires)
            .text(at.value)
            .str();
      };
      batch_.erase(expiry(from_));
      batch_.put(expiry(into_), {});
      return {};
    }
    batch_.erase(under(record_kind::inbound_queue, from_).u64(message.order).str());
    batch_.put(under(record_kind::inbound_queue, into_).u64(message.order).str(), at.value);
    return {};
  }

  batch& batch_;
  const engine& store_;
  organisation_id organisation_;
  const conversations& talks_;
  const statuses& rows_;
  channel_number from_, into_;
  std::size_t left_;
};

}  // namespace

result<std::size_t> move_channel_records(batch& b, const engine& store,
                                         organisation_id organisation, const conversations& talks,
                                         const statuses& rows, channel_number from,
                                         channel_number into, std::size_t limit) {
  return mover(b, store, organisation, talks, rows, from, into, limit).run();
}

result<unfinished> unfinished_of(const engine& store, organisation_id organisation,
                                 channel_number channel, std::size_t limit) {
  const auto count = [&](record_kind kind) -> result<std::size_t> {
    const auto prefix = key_builder(organisation, kind).u32(raw(channel)).str();
    std::size_t counted = 0;
    KP_CHECK(store.scan(prefix, prefix_end(prefix), scan_order::ascending,
                        [&](std::string_view, std::string_view) { return ++counted < limit; }));
    return counted;
  };
  unfinished found;
  KP_TRY(found.outgoing, count(record_kind::outgoing_message));
  KP_TRY(found.incoming, count(record_kind::inbound_listing));
  return found;
}

}  // namespace kp::storage
