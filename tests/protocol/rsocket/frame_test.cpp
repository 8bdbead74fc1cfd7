#include "protocol/rsocket/frame.hpp"

#include "config/text.hpp"
#include "protocol/rsocket/composite_metadata.hpp"
#include "tests/support/fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::rsocket {
namespace {

constexpr std::string_view dummy_token = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln";

std::optional<std::string> bytes_of(const std::string& name) {
  const auto text = test::fixture("platform/rsocket/" + name + ".hex");
  return text ? from_hex(trim(*text)) : std::nullopt;
}

std::vector<frame> frames_in(const std::string& bytes, std::size_t portion = SIZE_MAX) {
  frame_reader reader(longest_frame);
  std::vector<frame> all;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(portion, bytes.size() - at)) {
    reader.add(std::string_view(bytes).substr(at, portion));
    for (;;) {
      auto one = reader.next();
      EXPECT_TRUE(one) << one.error().message;
      if (!one || !*one) break;
      all.push_back(**std::move(one));
    }
  }
  return all;
}

}  // namespace

#define KP_FRAMES(name, fixture_name)                                     \
  const auto name##_or_absent = bytes_of(fixture_name);                   \
  if (!name##_or_absent) GTEST_SKIP() << fixture_name << " is not there"; \
  const std::string& name = *name##_or_absent

TEST(rsocket_frames, begin_a_connection_as_the_java_client_does) {
  KP_FRAMES(bytes, "01-setup");
  EXPECT_EQ(to_hex(encode(make_setup({}))), to_hex(bytes));
}

TEST(rsocket_frames, ask_with_route_and_token) {
  KP_FRAMES(bytes, "03-request-response-id-style");
  KP_FRAMES(fired, "04-request-fnf");
  const auto data = content_of(frames_in(bytes)[0])->data;
  const auto metadata = route_and_bearer("log-fire", dummy_token);
  EXPECT_EQ(to_hex(encode(*make_request(3, frame_type::request_response, metadata, data))),
            to_hex(bytes));
  EXPECT_EQ(to_hex(encode(*make_request(5, frame_type::request_fnf, metadata, data))),
            to_hex(fired));
}

TEST(rsocket_frames, keep_a_connection_alive_and_answer_the_other_side) {
  KP_FRAMES(asked, "06-keepalive-respond");
  KP_FRAMES(answered, "07-keepalive-answer");
  EXPECT_EQ(to_hex(encode(make_keepalive(true))), to_hex(asked));
  EXPECT_EQ(to_hex(encode(make_keepalive(false))), to_hex(answered));
}

TEST(rsocket_frames, call_a_request_off) {
  KP_FRAMES(bytes, "10-cancel");
  frame one;
  one.stream = 1;
  one.type = frame_type::cancel;
  EXPECT_EQ(to_hex(encode(one)), to_hex(bytes));
}

TEST(rsocket_frames, are_read_as_they_are_written) {
  for (const auto* name :
       {"01-setup", "02-request-response-java-style", "03-request-response-id-style",
        "04-request-fnf", "05-payload-complete", "06-keepalive-respond", "07-keepalive-answer",
        "08-error-application-access-denied", "09-error-rejected-setup", "10-cancel",
        "11-metadata-push-ignored", "12-fragmented-request-response"}) {
    KP_FRAMES(bytes, name);
    for (const std::size_t portion : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      std::string again;
      for (const auto& each : frames_in(bytes, portion)) again += encode(each);
      EXPECT_EQ(to_hex(again), to_hex(bytes)) << name;
    }
  }
}

TEST(rsocket_frames, hold_the_published_example) {
  KP_FRAMES(bytes, "02-request-response-java-style");
  KP_FIXTURE(published, "platform/rsocket/payload.json");
  const auto all = frames_in(bytes);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, frame_type::request_response);
  EXPECT_EQ(all[0].stream, 1u);
  const auto inside = content_of(all[0]);
  ASSERT_TRUE(inside);
  EXPECT_TRUE(inside->metadata);
  EXPECT_EQ(boost::json::parse(inside->data), boost::json::parse(published));
}

TEST(rsocket_frames, tell_answers_and_errors) {
  KP_FRAMES(done, "05-payload-complete");
  KP_FRAMES(denied, "08-error-application-access-denied");
  KP_FRAMES(unwanted, "09-error-rejected-setup");
  const auto answer = frames_in(done)[0];
  EXPECT_EQ(answer.type, frame_type::payload);
  EXPECT_TRUE(answer.has(flag::complete));
  EXPECT_FALSE(answer.has(flag::next));
  EXPECT_EQ(content_of(answer)->data, "");
  const auto refusal = failure_of(frames_in(denied)[0]);
  EXPECT_EQ(frames_in(denied)[0].stream, 1u);
  EXPECT_EQ(refusal->code, 0x201u);
  EXPECT_EQ(refusal->text, "Access Denied");
  EXPECT_EQ(frames_in(unwanted)[0].stream, 0u);
  EXPECT_EQ(failure_of(frames_in(unwanted)[0])->code, 0x003u);
}

TEST(rsocket_frames, that_are_broken_end_the_reading) {
  const auto fails = [](const std::string& hex, std::size_t longest = 100) {
    frame_reader reader(longest);
    reader.add(*from_hex(hex));
    const auto one = reader.next();
    return one ? std::string("fine") : one.error().code.message();
  };
  EXPECT_EQ(fails("000006000000012840"), "fine");
  EXPECT_EQ(fails("0000050000000128"), "bad frame");
  EXPECT_EQ(fails("000065"), "too large");
  EXPECT_EQ(fails("000006800000012840"), "bad frame");
  frame cut;
  cut.flags = flag::metadata;
  cut.body = *from_hex("000005aabb");
  EXPECT_FALSE(content_of(cut));
  cut.body = "a";
  EXPECT_FALSE(content_of(cut));
  EXPECT_FALSE(failure_of(cut));
}

TEST(rsocket_frames, hold_no_more_than_their_length_can_say) {
  const std::string much(longest_frame, 'x');
  EXPECT_FALSE(make_request(1, frame_type::request_fnf, "m", much));
  EXPECT_TRUE(make_request(1, frame_type::request_fnf, "m", much.substr(10)));
}

}  // namespace kp::rsocket
