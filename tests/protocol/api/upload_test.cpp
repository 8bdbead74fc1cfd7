#include "protocol/api/upload.hpp"

#include "config/config_error.hpp"

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::api;

namespace {

content_disposition read(std::string_view header) {
  const auto found = parse_content_disposition(header);
  EXPECT_TRUE(found) << header;
  return found.value_or(content_disposition());
}

std::string refusal(std::string_view header) {
  const auto found = parse_content_disposition(header);
  return found ? "" : found.error().message;
}

}  // namespace

TEST(content_disposition, reads_quoted_and_bare_values) {
  const auto d = read(R"(attachment; name="Before; The \ Law"; filename=before the law.txt)");
  EXPECT_EQ(d.name, R"(Before; The \ Law)");
  EXPECT_EQ(d.filename, "before the law.txt");
}

TEST(content_disposition, decodes_extended_values_and_prefers_them) {
  const auto d = read(
      "attachment; filename*=UTF-8''l%C3%B8nn%20a.pdf; filename=\"lonn.pdf\"; "
      "name=a; name*=ISO-8859-1'nb'l%F8nn");
  EXPECT_EQ(d.filename, "lønn a.pdf");
  EXPECT_EQ(d.name, "lønn");
}

TEST(content_disposition, takes_the_first_of_several_plain_values) {
  EXPECT_EQ(read("attachment; filename=a; filename=b").filename, "a");
}

TEST(content_disposition, knows_its_attributes_in_lower_case_only) {
  EXPECT_EQ(read("attachment; Filename=a").filename, std::nullopt);
  EXPECT_EQ(read("attachment").filename, std::nullopt);
  EXPECT_EQ(read("attachment;").name, std::nullopt);
}

TEST(content_disposition, takes_raw_header_bytes_in_either_encoding) {
  EXPECT_EQ(read("attachment; filename=\"l\xf8nn.pdf\"").filename, "lønn.pdf");
  EXPECT_EQ(read("attachment; filename=\"lønn.pdf\"").filename, "lønn.pdf");
}

TEST(content_disposition, refuses_with_the_known_texts) {
  EXPECT_EQ(refusal(""), "Content-Disposition header must not be empty");
  EXPECT_EQ(refusal(" ;filename=a"), "Content-Disposition header must not be empty");
  EXPECT_EQ(refusal("attachment; filename"), "Invalid content disposition format");
  EXPECT_EQ(refusal("attachment; filename*=UTF-16''a"), "Charset should be UTF-8 or ISO-8859-1");
  EXPECT_EQ(refusal("attachment; filename*=UTF-8''%4"),
            "Invalid header field parameter format (as defined in RFC 5987)");
  EXPECT_EQ(parse_content_disposition("").error().code, config_errc::invalid_value);
}

TEST(upload_mime_type, keeps_what_the_client_says) {
  EXPECT_EQ(upload_mime_type("text/plain; charset=utf-8", "a.pdf"), "text/plain; charset=utf-8");
}

TEST(upload_mime_type, goes_by_the_extension_otherwise) {
  EXPECT_EQ(upload_mime_type("application/octet-stream", "a.TXT"), "text/plain");
  EXPECT_EQ(upload_mime_type("", "arkivmelding.xml"), "text/xml");
  EXPECT_EQ(upload_mime_type(" ", "a.b.docx"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  EXPECT_EQ(upload_mime_type("", "zip"), "application/octet-stream");
  for (const auto* name : {"a.jpg", "a.json", "a", "a.", ""})
    EXPECT_EQ(upload_mime_type("", name), "application/pdf") << name;
}
