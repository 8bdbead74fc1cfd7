#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

// docs/promise.md names the tests that show what it says; here they are looked up.

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::regex pointer("`((?:tests|tools)/[a-z0-9_/]+\\.cpp)`:\\s+`([^`]+)`");

bool is_there(const std::string& source, const std::string& name) {
  const auto dot = name.find('.');
  if (dot == std::string::npos) return source.find(name) != std::string::npos;
  const auto test = name.substr(0, dot) + ", " + name.substr(dot + 1) + ")";
  return std::regex_replace(source, std::regex("\\s+"), " ").find("(" + test) != std::string::npos;
}

}  // namespace

TEST(promise, names_only_tests_that_exist) {
  const auto text = text_of("docs/promise.md");
  ASSERT_FALSE(text.empty()) << "run from the root of the checkout";
  int named = 0;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), pointer);
       at != std::sregex_iterator(); ++at, ++named) {
    const auto source = text_of((*at)[1].str());
    ASSERT_FALSE(source.empty()) << (*at)[1];
    EXPECT_TRUE(is_there(source, (*at)[2])) << (*at)[2] << " is not in " << (*at)[1];
  }
  EXPECT_GT(named, 30);
}

TEST(promise, names_a_test_for_every_point) {
  const auto text = text_of("docs/promise.md");
  for (auto at = text.find("\n* "); at != std::string::npos;) {
    const auto next = text.find("\n* ", at + 1);
    const auto point = text.substr(at, next == std::string::npos ? next : next - at);
    EXPECT_TRUE(std::regex_search(point, pointer)) << point;
    at = next;
  }
}
