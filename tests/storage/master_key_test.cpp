#include "storage/master_key.hpp"

#include "config/config_error.hpp"
#include "temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace kp::storage {
namespace {

class master_key : public ::testing::Test {
 protected:
  master_key() { settings.storage_path = folder.path(); }

  std::string default_path() const { return folder.path() + "/master.key"; }
  void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }
  static std::string content_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void name_file(const std::string& path) {
    settings.master_key = secret(secret::origin::file, path);
    settings.master_key_is_default = false;
  }

  test::temporary_directory folder;
  std::shared_ptr<random_source> random = make_seeded_random(3);
  hub_settings settings;
};

TEST_F(master_key, a_new_store_gets_one_that_only_its_owner_reads_and_that_stays) {
  const auto made = load_master_key(settings, true, *random);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  struct stat about{};
  ASSERT_EQ(::stat(default_path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777u, 0600u);
  EXPECT_EQ(content_of(default_path()).size(), 65u);
  EXPECT_EQ(*load_master_key(settings, false, *random), *made);
  // A start that stopped between key and store goes on with the key.
  EXPECT_EQ(*load_master_key(settings, true, *random), *made);
}

TEST_F(master_key, two_new_stores_have_different_ones) {
  const auto first = load_master_key(settings, true, *random);
  const test::temporary_directory other;
  settings.storage_path = other.path();
  EXPECT_NE(*load_master_key(settings, true, *random), *first);
}

TEST_F(master_key, a_store_without_its_key_is_refused_and_gets_no_other_one) {
  const auto refused = load_master_key(settings, false, *random);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, config_errc::not_readable);
  EXPECT_FALSE(refused.error().retryable);
  EXPECT_NE(refused.error().message.find(default_path() + " is missing"), std::string::npos);
  struct stat about{};
  EXPECT_NE(::stat(default_path().c_str(), &about), 0);
}

TEST_F(master_key, of_the_wrong_length_is_refused_with_what_to_do_and_not_shown) {
  for (const auto& wrong :
       {std::string(62, 'a'), std::string(66, 'a'), std::string(64, 'g'), std::string()}) {
    write(default_path(), wrong);
    const auto refused = load_master_key(settings, false, *random);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().code, config_errc::invalid_value) << wrong;
    EXPECT_EQ(refused.error().message, "the master key (file " + default_path() +
                                           ") must be 64 hex digits; `openssl rand -hex 32` makes "
                                           "one");
  }
}

TEST_F(master_key, may_lie_elsewhere_and_is_never_made_there) {
  const auto path = folder.path() + "/kept-apart";
  name_file(path);
  EXPECT_FALSE(load_master_key(settings, true, *random));
  write(path, std::string(64, 'a') + "\n");
  EXPECT_EQ(*load_master_key(settings, false, *random), std::string(32, '\xaa'));
}

}  // namespace
}  // namespace kp::storage
