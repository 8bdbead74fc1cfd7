#pragma once

#include "storage/engine.hpp"
#include "storage/keys.hpp"
#include "storage/repositories.hpp"
#include "storage/storage_error.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace kp::test {

enum class engine_kind { memory, rocksdb };

inline std::string name_of(const ::testing::TestParamInfo<engine_kind>& info) {
  return info.param == engine_kind::memory ? "memory" : "rocksdb";
}

inline storage::rocksdb_options small_rocksdb(const std::string& path) {
  return {.path = path, .write_buffer_bytes = 1u << 20, .block_cache_bytes = 1u << 20};
}

inline std::unique_ptr<storage::engine> make_engine(engine_kind kind, const std::string& path) {
  if (kind == engine_kind::memory) return storage::make_memory_engine();
  auto opened = storage::open_rocksdb_engine(small_rocksdb(path));
  if (!opened) throw std::runtime_error(opened.error().message);
  return *std::move(opened);
}

inline result<void> commit(storage::engine& store, const storage::batch& b) {
  auto answers = store.commit(std::span(&b, 1));
  return answers.at(0);
}

// "" for success, else the text of the code.
inline std::string outcome(const result<void>& r) {
  return r ? "" : r.error().code.message();
}

template <class T>
std::string outcome(const result<T>& r) {
  return r ? "" : r.error().code.message();
}

inline std::string outcome_of(storage::engine& store, const storage::batch& b) {
  return outcome(commit(store, b));
}

inline const organisation_id hamar = organisation_id::from_number(910077473);
inline const organisation_id oslo = organisation_id::from_number(991825827);

inline message_id message_number(unsigned n) {
  return *message_id::parse(fmt::format("00000000-0000-4000-8000-{:012x}", n));
}

inline time_point at_second(std::int64_t s) {
  return time_point(std::chrono::seconds(1'700'000'000 + s));
}

// A store of its own for every test.
class store_test : public ::testing::TestWithParam<engine_kind> {
 protected:
  void SetUp() override { store = make_engine(GetParam(), directory.path()); }
  std::string commit(const storage::batch& b) { return outcome_of(*store, b); }

  temporary_directory directory;
  std::unique_ptr<storage::engine> store;
};

// How many entries of a kind there are: shows leftovers that no repository would.
inline std::size_t entries_of(const storage::engine& store, organisation_id organisation,
                              storage::record_kind kind) {
  const auto prefix = storage::key_builder(organisation, kind).str();
  std::size_t count = 0;
  const auto scanned =
      store.scan(prefix, storage::prefix_end(prefix), storage::scan_order::ascending,
                 [&](std::string_view, std::string_view) {
                   ++count;
                   return true;
                 });
  EXPECT_TRUE(scanned);
  return count;
}

}  // namespace kp::test
