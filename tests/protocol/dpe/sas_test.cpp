#include "protocol/dpe/sas.hpp"

#include "tests/support/fixtures.hpp"

#include <gtest/gtest.h>
#include <boost/json.hpp>

namespace kp::dpe {
namespace {

TEST(sas, tokens_are_those_of_the_vectors) {
  KP_FIXTURE(text, "dpe/vectors/sas-token-vectors.json");
  const auto vectors = boost::json::parse(text);
  ASSERT_GE(vectors.as_array().size(), 4u);
  for (const auto& each : vectors.as_array()) {
    const auto& of = each.as_object();
    const auto at = [&](const char* name) { return std::string(of.at(name).as_string()); };
    const time_point expires(std::chrono::seconds(of.at("expiryEpochSeconds").as_int64()));
    EXPECT_EQ(form_encode(at("requestUrl")), at("encodedResourceUri"));
    EXPECT_EQ(shared_access_signature(at("requestUrl"), at("sharedAccessKeyName"),
                                      at("sharedAccessKey"), expires),
              at("authorizationHeader"))
        << at("operation");
  }
}

TEST(sas, the_expiry_is_whole_seconds_rounded_down) {
  const time_point at(std::chrono::microseconds(1'700'000'020'999'999));
  const auto token = shared_access_signature("https://host/q/messages", "policy", "key", at);
  EXPECT_NE(token.find("&se=1700000020&"), std::string::npos) << token;
}

TEST(sas, encodes_as_java_encodes_forms) {
  EXPECT_EQ(form_encode("https://h:1/a b~c*d_e-f.g\xc3\xa6"),
            "https%3A%2F%2Fh%3A1%2Fa+b%7Ec*d_e-f.g%C3%A6");
}

}  // namespace
}  // namespace kp::dpe
