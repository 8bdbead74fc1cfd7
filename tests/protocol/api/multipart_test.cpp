#include "config/config_error.hpp"
#include "protocol/api/upload.hpp"
#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>

#include <vector>

using namespace kp;
using namespace kp::api;

namespace {

struct received {
  multipart_parser::part head;
  std::string bytes;
  bool complete = false;
};

class collector : public multipart_parser::events {
 public:
  result<void> begin(const multipart_parser::part& head) override {
    EXPECT_TRUE(parts.empty() || parts.back().complete);
    parts.push_back({head, "", false});
    return {};
  }
  result<void> data(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    parts.back().bytes += bytes;
    if (refuse_data) return permanent(config_errc::invalid_value, "too much");
    return {};
  }
  result<void> end() override {
    parts.back().complete = true;
    return {};
  }
  std::vector<received> parts;
  bool refuse_data = false;
};

result<void> feed_in_pieces(multipart_parser& parser, std::string_view body, std::size_t size) {
  for (std::size_t at = 0; at < body.size(); at += size)
    KP_CHECK(parser.feed(body.substr(at, size)));
  return parser.finish();
}

// What is wrong with a body, "" for nothing.
std::string complaint(std::string_view body) {
  collector to;
  multipart_parser parser("b1", to);
  const auto fed = feed_in_pieces(parser, body, body.size());
  return fed ? "" : fed.error().message;
}

std::string part(std::string_view headers, std::string_view content) {
  return "--b1\r\n" + std::string(headers) + "\r\n\r\n" + std::string(content) + "\r\n";
}

const std::string two_parts =
    "a preamble\r\n" +
    part("Content-Disposition: form-data; name=\"sbd\"\r\nContent-Type: application/json",
         "{\"a\":\r\n1}") +
    part("content-disposition: form-data; NAME=Before The Law; filename=\"a \\\"b\\\".txt\"",
         "--b2\r\n--b\r\n\r\n-") +
    "--b1--\r\nan epilogue";

}  // namespace

TEST(multipart_boundary, is_found_in_the_content_type) {
  EXPECT_EQ(multipart_parser::boundary_of("multipart/form-data; boundary=b1"), "b1");
  EXPECT_EQ(multipart_parser::boundary_of("Multipart/Form-Data;charset=UTF-8; Boundary=\"b;1\""),
            "b;1");
  EXPECT_EQ(multipart_parser::boundary_of("multipart/form-data"), std::nullopt);
  EXPECT_EQ(multipart_parser::boundary_of("multipart/form-data; boundary="), std::nullopt);
  EXPECT_EQ(multipart_parser::boundary_of("multipart/mixed; boundary=b1"), std::nullopt);
  EXPECT_EQ(multipart_parser::boundary_of(""), std::nullopt);
  EXPECT_EQ(multipart_parser::boundary_of("multipart/form-data; boundary=" + std::string(71, 'x')),
            std::nullopt);
}

TEST(multipart, gives_the_same_parts_however_the_bytes_are_cut) {
  for (std::size_t size = 1; size <= two_parts.size(); ++size) {
    collector to;
    multipart_parser parser("b1", to);
    const auto fed = feed_in_pieces(parser, two_parts, size);
    ASSERT_TRUE(fed) << size << ": " << fed.error().message;
    ASSERT_EQ(to.parts.size(), 2u);
    EXPECT_EQ(to.parts[0].head.name, "sbd");
    EXPECT_EQ(to.parts[0].head.filename, std::nullopt);
    EXPECT_EQ(to.parts[0].head.content_type, "application/json");
    EXPECT_EQ(to.parts[0].bytes, "{\"a\":\r\n1}");
    EXPECT_EQ(to.parts[1].head.name, "Before The Law");
    EXPECT_EQ(to.parts[1].head.filename, "a \"b\".txt");
    EXPECT_EQ(to.parts[1].bytes, "--b2\r\n--b\r\n\r\n-");
    EXPECT_TRUE(to.parts[1].complete);
  }
}

TEST(multipart, reads_the_request_of_the_collection) {
  KP_FIXTURE(text, "rest/multipart-arkivmelding.request.http.txt");
  std::string body;
  for (const char c : text.substr(text.find("\n\n") + 2))
    body += c == '\n' ? std::string("\r\n") : std::string(1, c);
  collector to;
  multipart_parser parser("6o2knFse3p53ty9dmcQvWAIx1zInP11uCfbm", to);
  const auto fed = feed_in_pieces(parser, body, 100);
  ASSERT_TRUE(fed) << fed.error().message;
  ASSERT_EQ(to.parts.size(), 2u);
  EXPECT_EQ(to.parts[0].head.name, "sbd");
  EXPECT_EQ(to.parts[1].head.name, "Before The Law");
  EXPECT_EQ(to.parts[1].head.filename, "before_the_law.txt");
  EXPECT_EQ(to.parts[1].bytes.substr(0, 14), "Before the law");
}

TEST(multipart, takes_empty_parts_and_an_empty_form) {
  EXPECT_EQ(complaint(part("Content-Disposition: form-data; name=a", "") + "--b1--"), "");
  EXPECT_EQ(complaint("--b1--"), "");
  EXPECT_EQ(complaint("--b1  \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b1--\r\n"),
            "");
}

TEST(multipart, passes_large_content_on_without_holding_it) {
  std::string content;
  for (int i = 0; i < 20000; ++i) content += "line\r\n--b\r\n";
  collector to;
  multipart_parser parser("b1", to);
  const auto body = part("Content-Disposition: form-data; name=a; filename=b", content) + "--b1--";
  ASSERT_TRUE(feed_in_pieces(parser, body, 4096));
  EXPECT_EQ(to.parts.at(0).bytes, content);
}

TEST(multipart, says_what_is_wrong) {
  EXPECT_EQ(complaint("--b1\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
            "the multipart body ends before its closing boundary");
  EXPECT_EQ(complaint("nothing"), "the multipart body ends before its closing boundary");
  EXPECT_EQ(complaint("--b1x\r\n"), "unexpected characters follow a multipart boundary");
  EXPECT_EQ(complaint(part("Content-Type: text/plain", "x") + "--b1--"),
            "a multipart part has no name");
  EXPECT_EQ(complaint(part("nonsense", "x") + "--b1--"),
            "a header of a multipart part has no colon");
  EXPECT_EQ(complaint(part("Content-Disposition: form-data; name", "x") + "--b1--"),
            "Invalid content disposition format");
}

TEST(multipart, bounds_the_number_of_parts) {
  std::string body;
  for (int i = 0; i < 50; ++i) body += part("Content-Disposition: form-data; name=a", "x");
  EXPECT_EQ(complaint(body + "--b1--"), "");
  body += part("Content-Disposition: form-data; name=a", "x");
  EXPECT_EQ(complaint(body + "--b1--"), "the multipart body has more than 50 parts");
}

TEST(multipart, bounds_the_headers_of_a_part) {
  const std::string start = "Content-Disposition: form-data; name=";
  const auto most = start + std::string(512 - start.size(), 'n');
  EXPECT_EQ(complaint(part(most, "x") + "--b1--"), "");
  const auto refusal = "the headers of a part are larger than 512 bytes";
  EXPECT_EQ(complaint(part(most + "n", "x") + "--b1--"), refusal);
  EXPECT_EQ(complaint("--b1\r\n" + std::string(600, 'x')), refusal);
  EXPECT_EQ(complaint("--b1" + std::string(600, ' ')),
            "too much white space follows a multipart boundary");
}

TEST(multipart, stops_at_what_the_handler_refuses_and_stays_stopped) {
  collector to;
  to.refuse_data = true;
  multipart_parser parser("b1", to);
  const auto body = part("Content-Disposition: form-data; name=a", std::string(100, 'x'));
  for (const auto& attempt : {parser.feed(body), parser.feed(body), parser.finish()}) {
    ASSERT_FALSE(attempt);
    EXPECT_EQ(attempt.error().message, "too much");
  }
  EXPECT_EQ(to.parts.size(), 1u);
}
