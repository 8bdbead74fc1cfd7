#include "config/text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

using namespace kp;

namespace {

std::string bytes_of(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(i * 89 + count * 7);
  return bytes;
}

}  // namespace

TEST(base64, decodes_what_it_encodes) {
  for (std::size_t count = 0; count < 300; ++count) {
    const auto bytes = bytes_of(count);
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes) << count;
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes) << count;
  }
}

// RFC 4648 §10.
TEST(base64, encodes_as_the_rfc_does) {
  for (const auto& [plain, encoded] : {std::pair{"", ""},
                                       {"f", "Zg=="},
                                       {"fo", "Zm8="},
                                       {"foo", "Zm9v"},
                                       {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
}

TEST(base64, skips_white_space_wherever_it_stands) {
  for (const auto count : {10u, 11u, 12u, 60u}) {
    const auto bytes = bytes_of(count);
    const auto encoded = to_base64(bytes);
    for (std::size_t at = 0; at <= encoded.size(); ++at) {
      auto spaced = encoded;
      EXPECT_EQ(from_base64(spaced.insert(at, "\r\n ")), bytes) << count << " at " << at;
    }
  }
}

TEST(base64, takes_nothing_else_wherever_it_stands) {
  const auto encoded = to_base64(bytes_of(60));
  for (const std::string_view wrong : {"-", "_", ".", "\xc3", "="})
    for (std::size_t at = 0; at < encoded.size(); ++at) {
      auto spoilt = encoded;
      EXPECT_EQ(from_base64(spoilt.replace(at, 1, wrong)).has_value(),
                wrong == "=" && at + 1 == encoded.size())
          << wrong << " at " << at;
    }
}

TEST(base64, takes_unpadded_ends_but_no_half_symbols) {
  EXPECT_EQ(from_base64("Zg"), "f");
  EXPECT_EQ(from_base64("Zm8"), "fo");
  for (const auto* wrong :
       {"Z", "Zm9vZ", "Zg=", "Zm8==", "=", "Zm9v=", "Zg==Zg==", "Zg===", "Z==="})
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
}
