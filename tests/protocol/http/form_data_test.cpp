#include "protocol/http/form_data.hpp"

#include <gtest/gtest.h>

namespace kp::http {
namespace {

std::string all_of(const random_access_source& from, std::size_t step) {
  std::string out;
  std::string piece(step, '\0');
  for (;;) {
    const auto count = from.read_at(out.size(), std::span(piece.data(), piece.size()));
    EXPECT_TRUE(count);
    if (!count || *count == 0) return out;
    out.append(piece, 0, *count);
  }
}

const std::string expected =
    "--b\r\nContent-Disposition: form-data; name=\"a[0].b\"\r\n"
    "Content-Type: text/plain\r\n\r\nblåbær\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"lysrør %22ny%22.txt\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\nbytes\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"tom\"\r\n"
    "Content-Type: application/octet-stream\r\n\r\n\r\n"
    "--b--\r\n";

std::shared_ptr<const random_access_source> form() {
  const auto file = [](const char* bytes) { return std::make_shared<string_random_access>(bytes); };
  return make_form_data(
      {{"a[0].b", "text/plain", "blåbær"},
       {"files", "application/octet-stream", "", "lysrør \"ny\".txt", file("bytes")},
       {"files", "application/octet-stream", "", "tom", file("")}},
      "b");
}

TEST(form_data, is_the_parts_between_boundaries_with_its_size_known_before) {
  EXPECT_EQ(form()->size(), expected.size());
  EXPECT_EQ(all_of(*form(), 1000), expected);
  EXPECT_EQ(form_content_type("b"), "multipart/form-data; boundary=b");
}

TEST(form_data, is_read_at_any_place_in_any_pieces) {
  for (const std::size_t step : {1u, 3u, 7u, 64u}) EXPECT_EQ(all_of(*form(), step), expected);
  std::string middle(20, '\0');
  ASSERT_EQ(*form()->read_at(100, std::span(middle.data(), middle.size())), 20u);
  EXPECT_EQ(middle, expected.substr(100, 20));
  EXPECT_EQ(*form()->read_at(expected.size(), std::span(middle.data(), 1)), 0u);
}

}  // namespace
}  // namespace kp::http
