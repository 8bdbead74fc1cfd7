#include "protocol/dph/parts.hpp"

#include <gtest/gtest.h>

namespace kp::dph {
namespace {

constexpr std::size_t some_limit = 1 << 20;
const std::string type = "multipart/mixed;boundary=\"edge\"";

std::string part(const std::string& name, const std::string& body) {
  return "--edge\r\nContent-Disposition: form-data; name=\"" + name +
         "\"; filename=\"x\"\r\nContent-Type: a/b\r\n\r\n" + body + "\r\n";
}

result<message_parts> read(const std::string& content_type, std::string body) {
  const auto spools = make_memory_spools(some_limit);
  string_source source(std::move(body));
  return read_parts(content_type, source, *spools);
}

std::string bytes_of(const std::shared_ptr<spool>& from) {
  sequential_source source(from);
  return *read_all(source, some_limit);
}

TEST(dph_parts, reads_message_and_package_whatever_their_order) {
  const std::string package("\r\n--edg\0\r\n", 10);
  for (const auto& body :
       {part("forretningsmelding", "a.b.c.d.e") + part("dokumentpakke", package),
        part("dokumentpakke", package) + part("forretningsmelding", "a.b.c.d.e")}) {
    const auto parts = read(type, body + "--edge--\r\n");
    ASSERT_TRUE(parts) << parts.error().message;
    EXPECT_EQ(parts->message, "a.b.c.d.e");
    ASSERT_TRUE(parts->package);
    EXPECT_EQ(bytes_of(parts->package), package);
  }
}

TEST(dph_parts, a_receipt_has_no_package_and_other_parts_are_passed_over) {
  const auto parts =
      read("multipart/mixed; boundary=edge", part("news", "x") + part("forretningsmelding", "a") +
                                                 part("more", "y") + "--edge--\r\n");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->message, "a");
  EXPECT_FALSE(parts->package);
}

TEST(dph_parts, half_an_answer_is_worth_a_retry) {
  const auto whole =
      part("forretningsmelding", "a.b.c.d.e") + part("dokumentpakke", "cms") + "--edge--\r\n";
  for (std::size_t size = 0; size < whole.size() - 4; size += 7) {
    const auto parts = read(type, whole.substr(0, size));
    ASSERT_FALSE(parts) << size;
    EXPECT_EQ(parts.error().code, dph_errc::bad_answer) << size;
    EXPECT_TRUE(parts.error().retryable);
  }
}

TEST(dph_parts, another_content_type_or_no_message_is_a_bad_answer) {
  const auto whole = part("forretningsmelding", "a") + "--edge--\r\n";
  for (const auto* other : {"", "application/json", "multipart/form-data; boundary=edge",
                            "multipart/mixed", "multipart/mixed; boundary="})
    EXPECT_EQ(read(other, whole).error().code, dph_errc::bad_answer) << other;
  EXPECT_EQ(read(type, part("dokumentpakke", "x") + "--edge--\r\n").error().code,
            dph_errc::bad_answer);
}

}  // namespace
}  // namespace kp::dph
