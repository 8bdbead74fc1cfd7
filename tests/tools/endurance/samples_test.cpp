#include "tools/endurance/samples.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>

namespace kp::endurance {
namespace {

// A hub that has been at work for long enough to have filled its write buffer.
std::vector<sample> steady(std::size_t count = 40) {
  std::vector<sample> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i].resident = 200 * mib;
    all[i].descriptors = 60;
    all[i].threads = 9;
    all[i].disk = 300 * mib;
    all[i].written = 10 * write_buffer + i * mib;
    all[i].finished = i * 100;
  }
  return all;
}

TEST(soak_rule, takes_what_stays_as_it_is) {
  EXPECT_EQ(judge(steady()), std::vector<std::string>{});
}

TEST(soak_rule, notices_memory_that_grows) {
  auto all = steady();
  for (std::size_t i = 0; i < all.size(); ++i) all[i].resident += i * mib;
  const auto found = judge(all);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], "memory, MiB: 215 in the second quarter, 235 in the last; 12 more allowed");
}

TEST(soak_rule, lets_the_write_buffer_fill_once) {
  auto all = steady();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].written = i * mib;
    all[i].resident += i * mib;
  }
  EXPECT_EQ(judge(all), std::vector<std::string>{});
}

TEST(soak_rule, notices_one_thread_too_many) {
  auto all = steady();
  for (std::size_t i = 25; i < all.size(); ++i) all[i].threads = 10;
  EXPECT_EQ(judge(all).size(), 1u);
}

TEST(soak_rule, notices_descriptors_and_attachments_that_pile_up) {
  auto all = steady();
  for (std::size_t i = 0; i < all.size(); ++i) all[i].descriptors = all[i].attachments = i * 10;
  EXPECT_EQ(judge(all).size(), 2u);
}

TEST(soak_rule, notices_a_disk_that_keeps_more_than_the_events_of_a_message) {
  auto all = steady();
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].finished = i * 10'000;
    all[i].disk += i * 10'000 * 8192;
  }
  EXPECT_EQ(judge(all).size(), 1u);
}

TEST(soak_rule, does_not_judge_by_few_samples) {
  EXPECT_EQ(judge(steady(7)).size(), 1u);
}

TEST(soak_samples, are_of_a_process_and_its_folder) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("kp-soak-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "blobs");
  std::filesystem::create_directories(folder / "engine");
  std::ofstream(folder / "blobs" / "one") << std::string(1000, 'x');
  std::ofstream(folder / "engine" / "log") << std::string(500, 'x');
  const auto s = take_sample(::getpid(), folder);
  std::filesystem::remove_all(folder);
  EXPECT_GT(s.resident, mib);
  EXPECT_GE(s.descriptors, 3u);
  EXPECT_GE(s.threads, 1u);
  EXPECT_GT(s.written, 1000u);
  EXPECT_EQ(s.disk, 500u);
  EXPECT_EQ(s.attachments, 1u);
}

}  // namespace
}  // namespace kp::endurance
