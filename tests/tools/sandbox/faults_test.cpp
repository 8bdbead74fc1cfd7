#include "tests/tools/sandbox/support.hpp"

#include "config/text.hpp"

#include <chrono>

namespace kp::sandbox::test {

namespace {

constexpr auto sender_number = "910077473", receiver_number = "910075918";

class sandbox_faults : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    from = add(sender_number);
    to = add(receiver_number);
  }
  void fault(json::object body) { control("POST", "/control/faults", std::move(body)); }
  std::string initialized() {
    const auto made = initialize(writing(from), initialize_body(sender_number, receiver_number));
    return std::string(made.json().at("fileTransferId").as_string());
  }
  member from, to;
};

}  // namespace

TEST_F(sandbox_faults, a_status_strikes_the_nth_call_and_has_no_effect) {
  fault({{"endpoint", "initialize"},
         {"kind", "status"},
         {"status", 503},
         {"nth", 2},
         {"retryAfter", 7}});
  const auto as = writing(from);
  const auto body = initialize_body(sender_number, receiver_number);
  EXPECT_EQ(initialize(as, body).status, 200U);
  const auto struck = initialize(as, body);
  EXPECT_EQ(struck.status, 503U);
  EXPECT_EQ(struck.headers.at("retry-after"), "7");
  EXPECT_EQ(initialize(as, body).status, 200U);
  EXPECT_EQ(control("GET", "/control/transfers").as_array().size(), 2U);
}

TEST_F(sandbox_faults, every_third_call_is_struck_until_the_count_is_used_up) {
  fault({{"endpoint", "search"}, {"kind", "status"}, {"status", 500}, {"every", 3}, {"count", 2}});
  const auto as = reading(to);
  std::string seen;
  for (int i = 0; i < 9; ++i) seen += search(as).status == 200 ? '.' : 'x';
  EXPECT_EQ(seen, "..x..x...");
  control("DELETE", "/control/faults");
  EXPECT_TRUE(control("GET", "/control/faults").as_array().empty());
}

TEST_F(sandbox_faults, a_fault_of_one_organisation_or_transfer_leaves_the_others_alone) {
  fault({{"endpoint", "search"},
         {"kind", "status"},
         {"organisation", receiver_number},
         {"count", 100}});
  EXPECT_EQ(search(reading(to)).status, 500U);
  EXPECT_EQ(search(reading(from)).status, 200U);
  const auto first = sent(from, to), second = sent(from, to);
  fault({{"endpoint", "overview"},
         {"kind", "status"},
         {"status", 404},
         {"transfer", first},
         {"count", 100}});
  const std::string base = "/broker/api/v1/filetransfer/";
  EXPECT_EQ(get(base + first, reading(to)).status, 404U);
  EXPECT_EQ(get(base + second, reading(to)).status, 200U);
}

TEST_F(sandbox_faults, a_token_fault_is_found_by_the_organisation_of_the_grant) {
  fault({{"endpoint", "token"},
         {"kind", "status"},
         {"status", 500},
         {"organisation", sender_number}});
  EXPECT_EQ(ask_token(to, grant_claims(to, "eformidling:dpo")).status, 200U);
  EXPECT_EQ(ask_token(from, grant_claims(from, "eformidling:dpo")).status, 500U);
}

TEST_F(sandbox_faults, a_cut_has_no_effect_and_a_late_cut_has) {
  const auto id = initialized();
  fault({{"endpoint", "upload"}, {"kind", "cut"}});
  EXPECT_EQ(upload(writing(from), id, "x").status, 0U);
  EXPECT_EQ(status_of(writing(from), id), "Initialized");
  fault({{"endpoint", "upload"}, {"kind", "cut_after"}});
  EXPECT_EQ(upload(writing(from), id, "x").status, 0U);
  EXPECT_EQ(status_of(writing(from), id), "Published");
  download(reading(to), id);
  fault({{"endpoint", "confirm"}, {"kind", "cut_after"}});
  EXPECT_EQ(confirm(reading(to), id).status, 0U);
  EXPECT_EQ(confirm(reading(to), id).error_code(), "BRO-00010");
}

TEST_F(sandbox_faults, a_reset_in_the_middle_of_an_upload_fails_the_transfer) {
  const auto id = initialized();
  fault({{"endpoint", "upload"}, {"kind", "reset_mid_body"}});
  EXPECT_EQ(upload(writing(from), id, std::string(4'000'000, 'x')).status, 0U);
  EXPECT_EQ(status_of(writing(from), id), "Failed");
  EXPECT_EQ(upload(writing(from), id, "x").error_code(), "BRO-00004");
}

TEST_F(sandbox_faults, a_download_can_be_truncated_reset_and_bent) {
  const auto id = sent(from, to, "0123456789");
  for (const auto* kind : {"truncate", "reset_mid_body"}) {
    fault({{"endpoint", "download"}, {"kind", kind}});
    EXPECT_FALSE(download(reading(to), id).whole) << kind;
  }
  fault({{"endpoint", "download"}, {"kind", "wrong_bytes"}});
  EXPECT_EQ(download(reading(to), id).body, "1123456789");
  EXPECT_EQ(download(reading(to), id).body, "0123456789");
}

TEST_F(sandbox_faults, answers_can_be_empty_malformed_or_without_a_field) {
  const auto as = writing(from);
  const auto body = initialize_body(sender_number, receiver_number);
  fault({{"endpoint", "initialize"}, {"kind", "empty_body"}});
  EXPECT_EQ(initialize(as, body).body, "");
  fault({{"endpoint", "initialize"}, {"kind", "malformed_json"}});
  boost::system::error_code ec;
  const auto broken = initialize(as, body);
  EXPECT_EQ(broken.status, 200U);
  json::parse(broken.body, ec);
  EXPECT_TRUE(ec);
  fault({{"endpoint", "initialize"}, {"kind", "remove_field"}, {"field", "fileTransferId"}});
  EXPECT_EQ(initialize(as, body).body, "{}");
  const auto id = sent(from, to);
  fault({{"endpoint", "overview"}, {"kind", "null_field"}, {"field", "created"}});
  EXPECT_TRUE(get("/broker/api/v1/filetransfer/" + id, as).json().at("created").is_null());
}

TEST_F(sandbox_faults, a_wrong_signature_is_believed_by_nobody) {
  fault({{"endpoint", "token"}, {"kind", "wrong_signature"}});
  const auto forged = token(to, "eformidling:dpo");
  EXPECT_EQ(get("/adressetjeneste/identifier/910075918", bearer(forged)).status, 401U);
  fault({{"endpoint", "registry_info"}, {"kind", "wrong_signature"}});
  auto jose = bearer(token(to, "eformidling:dpo"));
  jose["Accept"] = "application/jose";
  const auto signed_right = [&] {
    const auto jwk =
        get("/adressetjeneste/jwk").json().at("keys").as_array().at(0).at("x5c").as_array().at(0);
    const auto jws = get("/adressetjeneste/info/910075918", jose).body;
    const auto dot = jws.rfind('.');
    return verify_rs256(key_of_certificate(from_base64(jwk.as_string()).value()).get(),
                        jws.substr(0, dot), from_base64url(jws.substr(dot + 1)).value());
  };
  EXPECT_FALSE(signed_right());
  EXPECT_TRUE(signed_right());
  fault({{"endpoint", "exchange"}, {"kind", "wrong_signature"}});
  EXPECT_EQ(search(reading(to)).status, 401U);
  EXPECT_EQ(search(reading(to)).status, 200U);
}

TEST_F(sandbox_faults, a_delay_holds_the_answer_back_and_others_go_on) {
  fault({{"endpoint", "search"}, {"kind", "delay"}, {"delayMs", 300}});
  const auto as = reading(to);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(search(as).status, 200U);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(300));
}

TEST_F(sandbox_faults, what_makes_no_sense_is_refused) {
  for (const json::object& body :
       {json::object{{"kind", "nonsense"}}, json::object{{"kind", "cut"}, {"endpoint", "nowhere"}},
        json::object{{"kind", "cut"}, {"nth", 1}, {"every", 2}},
        json::object{{"kind", "null_field"}}}) {
    const auto answer = box->control("POST", "/control/faults", body);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, sandbox_errc::invalid_request);
  }
}

TEST_F(sandbox_faults, counters_tell_calls_by_endpoint_organisation_and_scope) {
  sent(from, to);
  std::int64_t exchanges = 0, uploads = 0;
  const auto counters = control("GET", "/control/counters");
  for (const auto& each : counters.as_array()) {
    if (each.at("endpoint").as_string() == "exchange") {
      EXPECT_EQ(each.at("organisation").as_string(), sender_number);
      EXPECT_EQ(each.at("scope").as_string(), "altinn:broker.write");
      exchanges += each.at("calls").to_number<std::int64_t>();
    }
    if (each.at("endpoint").as_string() == "upload")
      uploads += each.at("statuses").at("200").to_number<std::int64_t>();
  }
  EXPECT_EQ(exchanges, 1);
  EXPECT_EQ(uploads, 1);
  control("DELETE", "/control/counters");
  EXPECT_TRUE(control("GET", "/control/counters").as_array().empty());
  EXPECT_EQ(control("GET", "/control/grants").as_array().size(), 1U);
}

}  // namespace kp::sandbox::test
