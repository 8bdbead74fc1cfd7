#include "protocol/api/accept.hpp"

#include <gtest/gtest.h>

using kp::api::accepts_json;

TEST(accept, takes_json_where_a_range_covers_it) {
  for (const auto* header :
       {"", "*/*", "application/json", "application/*", "text/html, application/json;q=0.1",
        "text/html,*/*;q=0.8", "APPLICATION/JSON; charset=utf-8", "application/problem+json",
        "application/vnd.etsi.asic-e+zip, application/json", "*/*;q=0, application/json", "rubbish",
        ",", "application/xml;q=0, */*"})
    EXPECT_TRUE(accepts_json(header)) << header;
}

TEST(accept, leaves_json_out_where_none_does_or_one_says_so) {
  for (const auto* header :
       {"text/html", "application/xml", "application/vnd.etsi.asic-e+zip",
        "*/*, application/json;q=0", "application/json;q=0.000", "text/*, image/png"})
    EXPECT_FALSE(accepts_json(header)) << header;
}
