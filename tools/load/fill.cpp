#include "tools/load/fill.hpp"

#include "config/random.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace kp::load {

namespace {

using namespace kp::storage;

constexpr std::size_t messages_at_once = 1000;

result<void> add_message(batch& b, const conversations& talks, const statuses& said, row_ids& ids,
                         channel_number channel, random_source& random, time_point at) {
  conversation c;
  c.message = random.new_message_id();
  c.conversation_ref = random.new_conversation_id();
  c.channel = channel;
  c.way = direction::outgoing;
  c.via = service::dpo;
  c.sender = "0192:910077473";
  c.sender_identifier = "910077473";
  c.receiver = "0192:910075918";
  c.receiver_identifier = "910075918";
  c.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
  c.document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
  c.message_reference = c.conversation_ref.to_string();
  c.last_update = at;
  std::vector<status_change> all;
  for (const auto name :
       {status_name::opprettet, status_name::sendt, status_name::mottatt, status_name::levert})
    all.push_back({name, {}, {}, at});
  return start_conversation(b, talks, said, ids, c, all);
}

result<void> fill(const fill_options& o) {
  KP_TRY(const auto whose, organisation_id::parse(o.organisation));
  KP_TRY(const auto name, channel_name::parse(o.channel));
  rocksdb_options where;
  where.path = o.storage + "/engine";
  KP_TRY(const auto store, open_rocksdb_engine(where));
  KP_TRY(const auto channel, channel_registry(*store, whose).find(name));
  if (!channel)
    return permanent(storage_errc::not_found, "the channel has no number; let the hub run once");
  row_ids ids(*store, whose);
  const conversations talks(*store, whose);
  const statuses said(*store, whose);
  const auto random = make_seeded_random(1);
  const auto end = wall_clock().now();
  const auto messages = o.statuses / 4;
  for (std::uint64_t done = 0; done < messages;) {
    batch b;
    for (std::size_t i = 0; i < messages_at_once && done < messages; ++i, ++done)
      KP_CHECK(add_message(b, talks, said, ids, *channel, *random,
                           end - std::chrono::milliseconds(messages - done)));
    KP_CHECK(store->commit(std::span(&b, 1)).front());
    if (done % 100'000 == 0) fmt::print(stderr, "\r  {} messages", done);
  }
  return {};
}

}  // namespace

int fill_statuses(const fill_options& o) {
  const auto done = fill(o);
  if (done) return 0;
  fmt::print(stderr, "kp-bench: {}\n", done.error().message);
  return 1;
}

}  // namespace kp::load
