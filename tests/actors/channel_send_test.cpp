#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

class channel_send : public channel_test {
 protected:
  std::string ready() {
    const auto id = created(sak, {});
    EXPECT_EQ(upload(sak, id, "arkivmelding.xml", arkivmelding_xml).status, 200u);
    EXPECT_EQ(upload(sak, id, "brev.pdf", "%PDF").status, 200u);
    return id;
  }
  api_answer send(const std::string& id) { return call(sak, endpoint::send, id); }
};

TEST_F(channel_send, a_complete_message_is_queued_in_one_commit_and_the_adapter_is_nudged) {
  const auto id = ready();
  store.commits = 0;
  const auto answer = send(id);
  EXPECT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(store.commits, 1u);
  EXPECT_EQ(heard.outbox, std::vector{service::dpo});
  const auto message = stored("sak", id);
  EXPECT_TRUE(message.queued);
  const auto items = outbox_of(id);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].kind, storage::outbox_kind::message);
  EXPECT_EQ(items[0].due, system.time().now());
  EXPECT_EQ(items[0].expires, message.expires);
  EXPECT_EQ(items[0].channel, number_of("sak"));
  EXPECT_EQ(statuses_of(sak, id), std::vector<std::string>{"OPPRETTET"});
}

TEST_F(channel_send, sending_twice_queues_once) {
  const auto id = ready();
  EXPECT_EQ(send(id).status, 200u);
  EXPECT_EQ(send(id).status, 200u);
  EXPECT_EQ(outbox_of(id).size(), 1u);
}

TEST_F(channel_send, sending_twice_at_once_queues_once) {
  const auto id = created(sak, {.type = "avtalt", .business = "{}"});
  std::vector<unsigned> answers;
  for (int i = 0; i < 3; ++i)
    system.later<api_answer>(sak, call_of(endpoint::send, id),
                             [&](const api_answer& a) { answers.push_back(a.status); });
  system.run();
  EXPECT_EQ(answers, std::vector<unsigned>(3, 200));
  EXPECT_EQ(outbox_of(id).size(), 1u);
}

TEST_F(channel_send, an_unknown_message_is_404) {
  EXPECT_EQ(send("00000000-0000-4000-8000-000000000000").status, 404u);
  EXPECT_EQ(exception_of(send("multipart")), "MessageNotFoundException");
}

TEST_F(channel_send, the_certificate_comes_before_the_files) {
  const auto id = created(sak, {});
  registry.certificate_refused = "revoked";
  EXPECT_EQ(exception_of(send(id)), "InvalidCertificateException");
  registry.certificate_refused.reset();
  const auto answer = send(id);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MissingFileException");
}

TEST_F(channel_send, agreed_messages_and_receipts_need_no_file) {
  EXPECT_EQ(send(created(sak, {.type = "avtalt", .business = "{}"})).status, 200u);
  EXPECT_EQ(
      send(created(sak, {.type = "arkivmelding_kvittering", .business = R"({"receiptType":"OK"})"}))
          .status,
      200u);
}

TEST_F(channel_send, an_arkivmelding_must_be_there_and_name_only_what_was_uploaded) {
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "annet.pdf", "x").status, 200u);
  EXPECT_EQ(exception_of(send(id)), "MissingArkivmeldingException");
  EXPECT_EQ(upload(sak, id, "arkivmelding.xml", arkivmelding_xml).status, 200u);
  const auto answer = send(id);
  EXPECT_EQ(exception_of(answer), "MissingArkivmeldingFileException");
  EXPECT_EQ(said(answer), "File(s) defined in arkivmelding, but not found in message: brev.pdf");
  EXPECT_EQ(upload(sak, id, "brev.pdf", "x").status, 200u);
  EXPECT_EQ(send(id).status, 200u);
}

TEST_F(channel_send, an_arkivmelding_of_today_is_understood) {
  KP_FIXTURE(xml, "rest/e2e-arkivmelding.xml");
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "arkivmelding.xml", xml).status, 200u);
  EXPECT_EQ(upload(sak, id, "test.txt", "x").status, 200u);
  EXPECT_EQ(send(id).status, 200u);
}

TEST_F(channel_send, a_deadline_that_has_passed_refuses_and_is_registered) {
  KP_FIXTURE(example, "rest/e2e-send-expired.error.json");
  KP_FIXTURE(expected_statuses, "rest/e2e-send-expired-statuses.json");
  const auto id = created(sak, {.message = "ff88849c-e281-4809-8555-7cd54952b923",
                                .deadline = "2026-05-10T00:31:52+01:00"});
  EXPECT_EQ(upload(sak, id, "arkivmelding.xml", arkivmelding_xml).status, 200u);
  system.pass(std::chrono::hours(24 * 90), std::chrono::hours(24));
  const auto answer = ask(sak, api_call{endpoint::send, "/api/messages/out/" + id, id, {}, {}, {}});
  EXPECT_EQ(answer.status, 400u);
  auto expected = parsed(example).as_object();
  auto given = parsed(answer.body).as_object();
  for (auto* body : {&expected, &given}) body->erase("timestamp");
  expected["message"] =
      "ExpectedResponseDateTime 2026-05-10T00:31:52+01:00 has been exceeded. Please resend the "
      "message";
  EXPECT_EQ(given, expected);
  EXPECT_TRUE(outbox_of(id).empty());

  const auto page = parsed(call(sak, endpoint::statuses_of_message, id).body);
  const auto wanted = content(parsed(expected_statuses));
  ASSERT_EQ(content(page).size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(content(page)[i].at("status"), wanted[i].at("status"));
    const auto* description = wanted[i].as_object().if_contains("description");
    if (!description) continue;
    EXPECT_EQ(content(page)[i].at("description"), *description);
  }
  EXPECT_EQ(parsed(call(sak, endpoint::conversation_of_message, id).body).at("finished"), true);

  EXPECT_EQ(send(id).status, 400u);
  EXPECT_EQ(statuses_of(sak, id).size(), wanted.size());
}

TEST_F(channel_send, a_missing_file_is_told_before_the_deadline_and_registers_nothing) {
  const auto id = created(sak, {});
  system.pass(std::chrono::hours(25), std::chrono::hours(1));
  EXPECT_EQ(exception_of(send(id)), "MissingFileException");
  EXPECT_EQ(statuses_of(sak, id), std::vector<std::string>{"OPPRETTET"});
}

TEST_F(channel_send, deleting_removes_message_files_and_outbox_item_but_no_conversation) {
  const auto id = ready();
  EXPECT_EQ(send(id).status, 200u);
  const auto files = stored("sak", id).files;
  const auto answer = call(sak, endpoint::remove_out, id);
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "");
  EXPECT_FALSE(is_stored("sak", id));
  EXPECT_TRUE(outbox_of(id).empty());
  EXPECT_EQ(context->outbox(service::dpo).next_due().value(), std::nullopt);
  for (const auto& file : files) EXPECT_FALSE(blob_is_recorded(file.content));
  wait_for([&] { return blobs.released().size() == files.size(); });
  EXPECT_EQ(blobs.released().size(), files.size());
  EXPECT_EQ(call(sak, endpoint::conversation_of_message, id).status, 200u);
  EXPECT_EQ(call(sak, endpoint::remove_out, id).status, 200u);
  EXPECT_EQ(call(sak, endpoint::remove_out, "nonsense").status, 200u);
}

TEST_F(channel_send, deleting_what_is_being_sent_changes_nothing) {
  const auto id = ready();
  EXPECT_EQ(send(id).status, 200u);
  storage::batch claim;
  time_point from{};
  const auto claimed =
      context->outbox(service::dpo)
          .claim_due(claim, from, system.time().now(), 10, "adapter", std::chrono::minutes(5))
          .value();
  ASSERT_EQ(claimed.size(), 1u);
  commit(claim);
  EXPECT_EQ(call(sak, endpoint::remove_out, id).status, 200u);
  EXPECT_TRUE(is_stored("sak", id));
  EXPECT_EQ(outbox_of(id).size(), 1u);
}

// ---- multipart
// ------------------------------------------------------------------------------------

class channel_multipart : public channel_test {
 protected:
  multipart_send request(const document_text& document,
                         const std::vector<std::pair<std::string, std::string>>& files) {
    multipart_send m{"/api/messages/out/multipart", document.text(), {}, {}};
    m.blob_records = std::make_shared<storage::batch>();
    for (const auto& [name, bytes] : files) {
      multipart_file file{name, "title of " + name, "application/pdf", {}, {}};
      file.content = blobs.add(*m.blob_records, settings->id, bytes);
      if (name == "arkivmelding.xml") file.arkivmelding = bytes;
      m.files.push_back(std::move(file));
    }
    return m;
  }
};

TEST_F(channel_multipart, a_complete_request_is_created_and_queued_in_one_commit) {
  store.commits = 0;
  const auto answer =
      ask(sak, request({}, {{"arkivmelding.xml", arkivmelding_xml}, {"brev.pdf", "%PDF"}}));
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(store.commits, 1u);
  const auto id = message_id_in(answer.body);
  const auto message = stored("sak", id);
  EXPECT_TRUE(message.queued);
  ASSERT_EQ(message.files.size(), 2u);
  EXPECT_EQ(message.files[0].title, "title of arkivmelding.xml");
  EXPECT_EQ(message.files[1].number, 2u);
  EXPECT_TRUE(message.files[1].primary);
  EXPECT_TRUE(blob_is_recorded(message.files[1].content));
  EXPECT_EQ(outbox_of(id).size(), 1u);
  EXPECT_EQ(heard.outbox.size(), 1u);
  EXPECT_EQ(parsed(call(sak, endpoint::conversation_of_message, id).body).at("messageTitle"),
            "Nye lysrør");
}

TEST_F(channel_multipart, the_document_is_needed) {
  auto m = request({}, {{"a.pdf", "x"}});
  m.sbd.reset();
  const auto answer = ask(sak, m);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MissingServletRequestParameterException");
  EXPECT_EQ(said(answer), "Required parameter 'sbd' is not present.");
  wait_for([&] { return blobs.released().size() == 1; });
  EXPECT_EQ(blobs.released(), std::vector<std::string>{m.files[0].content.id});
}

TEST_F(channel_multipart, a_broken_document_has_its_own_exception) {
  auto m = request({}, {});
  m.sbd = "{";
  EXPECT_EQ(exception_of(ask(sak, m)), "MethodArgumentTypeMismatchException");
  m.sbd = document_text{.deadline = "2019-04-25T11:38:23+02:00"}.text();
  EXPECT_EQ(exception_of(ask(sak, m)), "ConstraintViolationException");
}

TEST_F(channel_multipart, one_file_may_have_five_megabytes) {
  auto m = request({.type = "avtalt", .business = "{}"}, {{"a.pdf", "x"}});
  m.files[0].content.size = 5'242'881;
  const auto answer = ask(sak, m);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(said(answer),
            "The attachment named 'a.pdf' is too large. The maximum size for multipart requests "
            "is 5,242,880 bytes. Please use the non-multipart API to avoid such problems.");
  m.files[0].content.size = 5'242'880;
  EXPECT_EQ(ask(sak, m).status, 200u);
}

TEST_F(channel_multipart, every_occurrence_of_a_repeated_name_is_told) {
  const auto answer = ask(sak, request({}, {{"a.txt", "x"}, {"b.txt", "y"}, {"a.txt", "z"}}));
  EXPECT_EQ(said(answer), "Filename already exists in message: a.txt, a.txt.");
  EXPECT_TRUE(registry.asked.empty());
}

TEST_F(channel_multipart, files_beyond_the_limit_of_the_service_leave_nothing_behind) {
  settings->dpo.upload_size_limit = 3;
  const auto m = request({.type = "avtalt", .business = "{}"}, {{"a.pdf", "xx"}, {"b.pdf", "yy"}});
  EXPECT_EQ(exception_of(ask(sak, m)), "MaxFileSizeExceededException");
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
  EXPECT_FALSE(blob_is_recorded(m.files[0].content));
  wait_for([&] { return blobs.released().size() == 2; });
  EXPECT_EQ(blobs.released().size(), 2u);
}

TEST_F(channel_multipart, an_unreadable_arkivmelding_leaves_nothing_behind) {
  EXPECT_EQ(ask(sak, request({}, {{"arkivmelding.xml", "<x"}})).status, 400u);
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
  EXPECT_EQ(total(call(sak, endpoint::list_conversations)), 0);
}

TEST_F(channel_multipart, a_message_that_may_not_be_sent_stays_for_the_missing_file) {
  const std::string id = "ff88849c-e281-4809-8555-7cd54952b916";
  const auto m = request({.message = id}, {{"arkivmelding.xml", arkivmelding_xml}});
  const auto answer = ask(sak, m);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MissingArkivmeldingFileException");
  EXPECT_FALSE(stored("sak", id).queued);
  EXPECT_TRUE(outbox_of(id).empty());
  EXPECT_TRUE(heard.outbox.empty());
  EXPECT_TRUE(blob_is_recorded(m.files[0].content));
  EXPECT_EQ(exception_of(ask(sak, request({.message = id}, {}))), "MessageAlreadyExistsException");
  EXPECT_EQ(upload(sak, id, "brev.pdf", "x").status, 200u);
  EXPECT_EQ(call(sak, endpoint::send, id).status, 200u);
  EXPECT_TRUE(blobs.released().empty());
}

}  // namespace
}  // namespace kp::test
