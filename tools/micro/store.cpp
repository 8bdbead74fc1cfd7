#include "config/random.hpp"
#include "storage/codec.hpp"
#include "storage/engine.hpp"
#include "storage/keys.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

// What a commit is made of: keys, records, and the group that is synced together.

namespace {

using namespace kp;
using namespace kp::storage;

const auto whose = organisation_id::from_number(910077473);

conversation some_conversation() {
  const auto random = make_seeded_random(1);
  conversation c;
  c.id = 4711;
  c.message = random->new_message_id();
  c.conversation_ref = random->new_conversation_id();
  c.channel = channel_number{1};
  c.via = service::dpo;
  c.sender = "0192:910077473";
  c.sender_identifier = "910077473";
  c.receiver = "0192:910075918";
  c.receiver_identifier = "910075918";
  c.process = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
  c.document_type = "urn:no:difi:arkivmelding:xsd::arkivmelding";
  c.message_reference = c.conversation_ref.to_string();
  c.last_update = time_point(std::chrono::seconds(1'768'467'600));
  return c;
}

void make_key(benchmark::State& state) {
  std::uint64_t row = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(key_builder(whose, record_kind::status).u32(1).u64(++row).str());
}
BENCHMARK(make_key);

void encode_conversation(benchmark::State& state) {
  const auto c = some_conversation();
  for (auto _ : state) benchmark::DoNotOptimize(encode(c));
}
BENCHMARK(encode_conversation);

void decode_conversation(benchmark::State& state) {
  const auto bytes = encode(some_conversation());
  for (auto _ : state) benchmark::DoNotOptimize(decode<conversation>(bytes));
}
BENCHMARK(decode_conversation);

// A store in a folder of its own, which goes with it.
class own_store {
 public:
  own_store() {
    std::string name = "kp-micro-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return;
    folder_ = name;
    rocksdb_options options;
    options.path = (folder_ / "engine").string();
    if (auto opened = open_rocksdb_engine(options)) store_ = *std::move(opened);
  }
  ~own_store() {
    store_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  own_store(const own_store&) = delete;
  own_store& operator=(const own_store&) = delete;

  engine* get() const { return store_.get(); }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<engine> store_;
};

// As many batches as share a sync, each with eight changes and a condition, as a create has.
void commit_group(benchmark::State& state) {
  const own_store its;
  if (!its.get()) return state.SkipWithError("no store can be made in this folder");
  const std::string record(400, 'r');
  const auto batches = static_cast<std::size_t>(state.range(0));
  std::uint64_t row = 0;
  for (auto _ : state) {
    std::vector<batch> group(batches);
    for (auto& each : group) {
      each.require_absent(key_builder(whose, record_kind::outgoing_message).u32(1).u64(row).str());
      for (int i = 0; i < 8; ++i)
        each.put(key_builder(whose, record_kind::outgoing_message).u32(1).u64(row++).str(), record);
    }
    for (const auto& done : its.get()->commit(group))
      if (!done) return state.SkipWithError(done.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_group)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();

void get_what_is_not_there(benchmark::State& state) {
  const own_store its;
  if (!its.get()) return state.SkipWithError("no store can be made in this folder");
  std::uint64_t row = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(
        its.get()->get(key_builder(whose, record_kind::status).u64(++row).str()));
}
BENCHMARK(get_what_is_not_there);

}  // namespace
