#include "tests/tools/sandbox/support.hpp"

#include <set>

namespace kp::sandbox::test {

namespace {

constexpr auto sender_number = "910077473", receiver_number = "910075918",
               third_number = "991825827";

class sandbox_broker : public with_sandbox {
 protected:
  void SetUp() override {
    with_sandbox::SetUp();
    from = add(sender_number);
    to = add(receiver_number);
  }
  std::string initialized(const json::object& body) {
    const auto answer = initialize(writing(from), body);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return std::string(answer.json().at("fileTransferId").as_string());
  }
  std::string initialized() { return initialized(initialize_body(sender_number, receiver_number)); }
  std::vector<std::string> found(const fields& as, const std::string& more) {
    const auto answer = search(as, more);
    EXPECT_EQ(answer.status, 200U) << answer.body;
    std::vector<std::string> out;
    for (const auto& id : answer.json().as_array()) out.emplace_back(id.as_string());
    return out;
  }
  member from, to;
  static constexpr auto waiting = "&status=Published&recipientStatus=Initialized";
};

}  // namespace

TEST_F(sandbox_broker, a_transfer_goes_from_initialize_to_confirmation) {
  const auto id = sent(from, to, "the zip");
  const auto as = reading(to);
  EXPECT_EQ(found(as, waiting), std::vector{id});
  const auto overview = get("/broker/api/v1/filetransfer/" + id, as).json().as_object();
  EXPECT_EQ(overview.at("fileTransferStatus").as_string(), "Published");
  EXPECT_EQ(overview.at("fileTransferStatusText").as_string(), "Ready for download");
  EXPECT_EQ(overview.at("sendersFileTransferReference").as_string(),
            "19efbd4c-413d-4e2c-bbc5-257ef4a65b38");
  EXPECT_EQ(overview.at("fileTransferSize").as_int64(), 7);
  EXPECT_EQ(overview.at("sender").as_string(), "0192:910077473");
  EXPECT_EQ(overview.at("created").as_string(), "2026-02-25T06:13:20.000000+00:00");
  EXPECT_EQ(overview.at("recipients").as_array().at(0).at("recipient").as_string(),
            "0192:910075918");
  const auto body = download(as, id);
  EXPECT_EQ(body.status, 200U);
  EXPECT_EQ(body.body, "the zip");
  EXPECT_EQ(body.headers.at("content-type"), "application/octet-stream");
  EXPECT_THAT(body.headers.at("content-disposition"), ::testing::HasSubstr("sbd.zip"));
  EXPECT_TRUE(found(as, waiting).empty());
  EXPECT_EQ(found(as, "&status=Published&recipientStatus=DownloadStarted"), std::vector{id});
  const auto confirmed = confirm(as, id);
  EXPECT_EQ(confirmed.status, 204U);
  EXPECT_TRUE(confirmed.body.empty());
  EXPECT_EQ(status_of(as, id), "AllConfirmedDownloaded");
  const auto again = confirm(as, id);
  EXPECT_EQ(again.status, 400U);
  EXPECT_EQ(again.error_code(), "BRO-00010");
}

TEST_F(sandbox_broker, initialize_is_recorded_as_it_came) {
  const auto body = initialize_body(sender_number, receiver_number);
  initialized(body);
  const json::array listed = control("GET", "/control/transfers").as_array();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].at("initialize"), json::value(body));
}

TEST_F(sandbox_broker, every_field_of_initialize_is_checked) {
  const auto as = writing(from);
  const auto refused = [&](const char* field, json::value value) {
    auto body = initialize_body(sender_number, receiver_number);
    body[field] = std::move(value);
    const auto answer = initialize(as, body);
    EXPECT_EQ(answer.status, 400U) << field << ": " << answer.body;
    if (answer.status != 400) return std::string();
    std::string named;
    for (const auto& each : answer.json().at("errors").as_object()) named += each.key();
    return named;
  };
  json::array bad_recipient, none;
  bad_recipient.emplace_back("0192:910075918:part");
  EXPECT_EQ(refused("sender", "910077473"), "Sender");
  EXPECT_EQ(refused("recipients", bad_recipient), "Recipients");
  EXPECT_EQ(refused("recipients", none), "Recipients");
  EXPECT_EQ(refused("sendersFileTransferReference", nullptr), "SendersFileTransferReference");
  EXPECT_EQ(refused("sendersFileTransferReference", ""), "SendersFileTransferReference");
  EXPECT_EQ(refused("sendersFileTransferReference", json::string(4097, 'x')),
            "SendersFileTransferReference");
  EXPECT_EQ(refused("fileName", json::string(256, 'x')), "FileName");
  EXPECT_EQ(refused("resourceId", "urn:other:resource"), "ResourceId");
  EXPECT_EQ(refused("checksum", "ABCDEF00ABCDEF00ABCDEF00ABCDEF00"), "Checksum");
  EXPECT_EQ(refused("checksum", "abc"), "Checksum");
  EXPECT_EQ(refused("propertyList", nullptr), "PropertyList");
  json::object many;
  for (int i = 0; i < 11; ++i) many[std::to_string(i)] = "x";
  EXPECT_EQ(refused("propertyList", many), "PropertyList");
  EXPECT_EQ(post("/broker/api/v1/filetransfer/",
                 {{"Authorization", as.at("Authorization")}, {"Content-Type", "application/json"}},
                 "{ not json")
                .status,
            400U);
}

TEST_F(sandbox_broker, initialize_works_without_a_slash_at_the_end_and_with_urn_forms) {
  auto headers = writing(from);
  headers["Content-Type"] = "application/json";
  auto body = initialize_body(sender_number, receiver_number);
  body["sender"] = "urn:altinn:organization:identifier-no:910077473";
  body["resourceId"] = "urn:altinn:resource:" + std::string(resource);
  EXPECT_EQ(post("/broker/api/v1/filetransfer", headers, json::serialize(body)).status, 200U);
}

TEST_F(sandbox_broker, tokens_and_scopes_are_checked_before_anything_else) {
  const auto body = initialize_body(sender_number, receiver_number);
  EXPECT_EQ(initialize({}, body).status, 401U);
  EXPECT_EQ(initialize(bearer("a.b.c"), body).status, 401U);
  EXPECT_EQ(initialize(reading(from), body).status, 403U);
  EXPECT_TRUE(initialize(reading(from), body).body.empty());
  const auto id = sent(from, to);
  EXPECT_EQ(download(writing(to), id).status, 403U);
  EXPECT_EQ(confirm(writing(to), id).status, 403U);
  const auto stale = reading(to);
  EXPECT_EQ(search(stale).status, 200U);
  time->advance(std::chrono::minutes(30));
  EXPECT_EQ(search(stale).status, 401U);
}

TEST_F(sandbox_broker, a_raw_maskinporten_token_is_accepted) {
  EXPECT_EQ(search(bearer(token(to, "altinn:broker.read", true))).status, 200U);
}

TEST_F(sandbox_broker, denial_is_a_401_with_code_6) {
  const auto third = add(third_number);
  const auto expect_denied = [](const http_answer& answer) {
    EXPECT_EQ(answer.status, 401U) << answer.body;
    EXPECT_EQ(answer.error_code(), "BRO-00006");
  };
  expect_denied(initialize(writing(third), initialize_body(sender_number, receiver_number)));
  auto foreign = initialize_body(sender_number, receiver_number);
  foreign["resourceId"] = "another-resource";
  expect_denied(initialize(writing(from), foreign));
  expect_denied(upload(writing(third), initialized(), "x"));
  const auto id = sent(from, to);
  expect_denied(get("/broker/api/v1/filetransfer/" + id, reading(third)));
  expect_denied(download(reading(from), id));
  expect_denied(confirm(reading(from), id));
  EXPECT_EQ(get("/broker/api/v1/filetransfer/" + id, writing(from)).status, 200U);
  // Without a system user nobody has the access package.
  const auto plain = get("/authentication/api/v1/exchange/maskinporten",
                         {{"Authorization", "Bearer " + token(to, "altinn:broker.read")}})
                         .body;
  expect_denied(search(bearer(plain)));
  expect_denied(download(bearer(plain), id));
}

TEST_F(sandbox_broker, what_is_not_there_is_a_404_and_no_uuid_is_a_400) {
  const std::string unknown = "00000000-0000-4000-8000-000000000000";
  EXPECT_EQ(upload(writing(from), unknown, "x").error_code(), "BRO-00001");
  EXPECT_EQ(download(reading(to), unknown).status, 404U);
  EXPECT_EQ(confirm(reading(to), unknown).error_code(), "BRO-00001");
  EXPECT_EQ(get("/broker/api/v1/filetransfer/not-a-uuid", reading(to)).status, 400U);
}

TEST_F(sandbox_broker, an_accept_without_json_is_a_406) {
  auto as = reading(to);
  as["Accept"] = "application/octet-stream";
  EXPECT_EQ(search(as).status, 406U);
  as["Accept"] = "*/*";
  EXPECT_EQ(search(as).status, 200U);
  as["Accept"] = "application/octet-stream";
  EXPECT_EQ(download(as, sent(from, to)).status, 200U);
}

TEST_F(sandbox_broker, a_second_upload_is_a_conflict) {
  const auto id = sent(from, to);
  const auto again = upload(writing(from), id, "other bytes");
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.error_code(), "BRO-00004");
  EXPECT_EQ(download(reading(to), id).body, "zip bytes");
}

TEST_F(sandbox_broker, an_upload_needs_octets_and_may_not_be_too_large) {
  control("POST", "/control/broker", {{"maxBytes", 10}});
  const auto id = initialized();
  const auto large = upload(writing(from), id, "01234567890");
  EXPECT_EQ(large.status, 400U);
  EXPECT_EQ(large.error_code(), "BRO-00016");
  auto headers = writing(from);
  headers["Content-Type"] = "application/zip";
  EXPECT_EQ(post("/broker/api/v1/filetransfer/" + id + "/upload", headers, "x").status, 415U);
  EXPECT_EQ(upload(writing(from), id, "0123456789").status, 200U);
}

TEST_F(sandbox_broker, a_checksum_is_compared_with_what_came) {
  auto body = initialize_body(sender_number, receiver_number);
  body["checksum"] = "9e107d9d372bb6826bd81d3542a419d6";
  const std::string fox = "The quick brown fox jumps over the lazy dog";
  EXPECT_EQ(upload(writing(from), initialized(body), fox).status, 200U);
  const auto id = initialized(body);
  const auto wrong = upload(writing(from), id, fox + ".");
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_EQ(wrong.error_code(), "BRO-00009");
  EXPECT_EQ(status_of(writing(from), id), "Failed");
}

TEST_F(sandbox_broker, the_md5_is_computed_when_the_sender_gave_none) {
  const auto id = sent(from, to, "The quick brown fox jumps over the lazy dog");
  const auto overview = get("/broker/api/v1/filetransfer/" + id, reading(to)).json();
  EXPECT_EQ(overview.at("checksum").as_string(), "9e107d9d372bb6826bd81d3542a419d6");
}

TEST_F(sandbox_broker, nothing_can_be_downloaded_or_confirmed_before_its_time) {
  const auto id = initialized();
  EXPECT_EQ(download(reading(to), id).error_code(), "BRO-00007");
  EXPECT_EQ(download(reading(to), id).status, 403U);
  EXPECT_EQ(confirm(reading(to), id).error_code(), "BRO-00003");
  const auto published = sent(from, to);
  const auto early = confirm(reading(to), published);
  EXPECT_EQ(early.status, 400U);
  EXPECT_EQ(early.error_code(), "BRO-00019");
}

TEST_F(sandbox_broker, a_scan_takes_its_time_before_publication) {
  control("POST", "/control/broker", {{"scanDelayMs", 60'000}});
  const auto id = sent(from, to);
  const auto as = reading(to);
  EXPECT_EQ(status_of(as, id), "UploadProcessing");
  EXPECT_EQ(download(as, id).error_code(), "BRO-00007");
  EXPECT_TRUE(found(as, waiting).empty());
  control("POST", "/control/clock", {{"advanceSeconds", 60}, {"only", "broker"}});
  EXPECT_EQ(found(as, waiting), std::vector{id});
}

TEST_F(sandbox_broker, malware_fails_the_transfer_after_the_scan) {
  control("POST", "/control/faults", {{"endpoint", "upload"}, {"kind", "malware"}});
  const auto id = sent(from, to);
  EXPECT_EQ(status_of(writing(from), id), "Failed");
  EXPECT_TRUE(found(reading(to), waiting).empty());
}

TEST_F(sandbox_broker, every_recipient_of_several_confirms_for_itself) {
  const auto third = add(third_number);
  auto body = initialize_body(sender_number, receiver_number);
  body["recipients"].as_array().emplace_back("0192:991825827");
  const auto id = initialized(body);
  ASSERT_EQ(upload(writing(from), id, "x").status, 200U);
  const auto first = reading(to), second = reading(third);
  download(first, id);
  EXPECT_EQ(confirm(first, id).status, 204U);
  EXPECT_EQ(confirm(first, id).status, 204U);  // still Published: no-op
  EXPECT_EQ(status_of(first, id), "Published");
  EXPECT_EQ(confirm(second, id).error_code(), "BRO-00019");
  download(first, id);  // the latest event counts again
  EXPECT_EQ(found(first, "&recipientStatus=DownloadStarted"), std::vector{id});
  confirm(first, id);
  download(second, id);
  EXPECT_EQ(confirm(second, id).status, 204U);
  EXPECT_EQ(status_of(first, id), "AllConfirmedDownloaded");
  EXPECT_EQ(download(second, id).status, 200U);
}

TEST_F(sandbox_broker, a_confirmed_transfer_is_purged_after_a_day_and_any_after_thirty) {
  const auto confirmed = sent(from, to), forgotten = sent(from, to);
  download(reading(to), confirmed);
  confirm(reading(to), confirmed);
  const auto advance = [&](int hours) {
    control("POST", "/control/clock", {{"advanceSeconds", hours * 3600}, {"only", "broker"}});
  };
  advance(23);
  EXPECT_EQ(download(reading(to), confirmed).status, 200U);
  advance(1);
  EXPECT_EQ(status_of(reading(to), confirmed), "Purged");
  EXPECT_EQ(download(reading(to), confirmed).error_code(), "BRO-00007");
  EXPECT_EQ(status_of(reading(to), forgotten), "Published");
  advance(29 * 24);
  EXPECT_EQ(status_of(reading(to), forgotten), "Purged");
  EXPECT_EQ(confirm(reading(to), forgotten).error_code(), "BRO-00010");
}

TEST_F(sandbox_broker, search_gives_the_newest_first_and_at_most_a_hundred) {
  std::vector<std::string> newest_first;
  for (int i = 0; i < 103; ++i) {
    const auto made = control("POST", "/control/transfers",
                              {{"sender", "0192:910077473"},
                               {"recipient", "0192:910075918"},
                               {"content", "eA=="},
                               {"ageSeconds", 1000 - i}});
    newest_first.insert(newest_first.begin(), std::string(made.at("fileTransferId").as_string()));
  }
  auto ids = found(reading(to), waiting);
  ASSERT_EQ(ids.size(), 100U);
  EXPECT_TRUE(std::equal(ids.begin(), ids.end(), newest_first.begin()));
  ids = found(reading(to), std::string(waiting) + "&orderAscending=true");
  EXPECT_EQ(ids.front(), newest_first.back());
}

TEST_F(sandbox_broker, search_needs_a_resource_and_knows_only_those_who_took_part) {
  const auto as = reading(to);
  EXPECT_EQ(get("/broker/api/v1/filetransfer?status=Published", as).status, 400U);
  EXPECT_EQ(search(as, "&status=Nonsense").status, 400U);
  EXPECT_EQ(get("/broker/api/v1/filetransfer?resourceId=other", as).error_code(), "BRO-00006");
  EXPECT_TRUE(found(as, waiting).empty());
  const auto id = sent(from, to);
  EXPECT_TRUE(found(reading(from), waiting).empty());
  EXPECT_EQ(found(reading(from), ""), std::vector{id});
  EXPECT_EQ(found(reading(from), "&role=Sender"), std::vector{id});
  EXPECT_TRUE(found(reading(from), "&role=Recipient").empty());
  EXPECT_EQ(found(as, "&role=Recipient"), std::vector{id});
}

TEST_F(sandbox_broker, a_range_gives_a_part_and_counts_as_a_download) {
  const auto id = sent(from, to, "0123456789");
  auto as = reading(to);
  as["Range"] = "bytes=2-4";
  const auto part = download(as, id);
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.headers.at("content-range"), "bytes 2-4/10");
  as["Range"] = "bytes=10-";
  EXPECT_EQ(download(as, id).status, 416U);
  EXPECT_EQ(download(as, id).error_code(), "BRO-00029");
  as["Range"] = "bytes=-3";
  EXPECT_EQ(download(as, id).body, "789");
}

TEST_F(sandbox_broker, the_rate_limiter_keeps_the_documented_quotas) {
  control("POST", "/control/broker", {{"rateLimits", "on"}});
  const auto as = reading(to);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(search(as).status, 200U);
  const auto refused = search(as);
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused.headers.at("retry-after"), "60");
  EXPECT_EQ(search(reading(from)).status, 200U);  // another client
  time->advance(std::chrono::seconds(60));
  EXPECT_EQ(search(as).status, 200U);
  for (int i = 0; i < 120; ++i) EXPECT_EQ(get("/broker/api/v1/filetransfer/x", as).status, 400U);
  EXPECT_EQ(get("/broker/api/v1/filetransfer/x", as).status, 429U);
}

TEST_F(sandbox_broker, details_have_both_histories) {
  const auto id = sent(from, to);
  download(reading(to), id);
  const auto details =
      get("/broker/api/v1/filetransfer/" + id + "/details", reading(to)).json().as_object();
  std::vector<std::string> statuses;
  for (const auto& event : details.at("fileTransferStatusHistory").as_array())
    statuses.emplace_back(event.at("fileTransferStatus").as_string());
  EXPECT_EQ(statuses, (std::vector<std::string>{"Initialized", "UploadStarted", "UploadProcessing",
                                                "Published"}));
  EXPECT_EQ(details.at("recipientFileTransferStatusHistory").as_array().size(), 2U);
}

TEST_F(sandbox_broker, large_bodies_pass_through_whole) {
  std::string bytes(64 * 1024 * 1024, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 12));
  const auto id = sent(from, to, bytes);
  const auto back = download(reading(to), id);
  EXPECT_TRUE(back.whole);
  EXPECT_TRUE(back.body == bytes);
}

}  // namespace kp::sandbox::test
