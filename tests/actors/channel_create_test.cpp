#include "actors/channel_capabilities.hpp"
#include "config/log.hpp"
#include "tests/actors/support_channel.hpp"

namespace kp::test {
namespace {

using channel_create = channel_test;

bool is_uuid_v4(const std::string& text) {
  return text.size() == 36 && text[14] == '4' && message_id::parse(text);
}

TEST_F(channel_create, everything_missing_is_filled_in_and_shown) {
  const auto answer = create(sak, document_text{}.text());
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(answer.headers.find("Content-Type"), "application/json");
  const std::string header = "/standardBusinessDocumentHeader";
  EXPECT_EQ(text_at(answer.body, header + "/sender/0/identifier/value"), "0192:910077473");
  EXPECT_EQ(text_at(answer.body, header + "/sender/0/identifier/authority"),
            "iso6523-actorid-upis");
  EXPECT_TRUE(is_uuid_v4(message_id_in(answer.body)));
  EXPECT_EQ(text_at(answer.body, header + "/documentIdentification/creationDateAndTime"),
            format_timestamp(system.time().now()));
  const auto scope = header + "/businessScope/scope/0";
  EXPECT_TRUE(is_uuid_v4(text_at(answer.body, scope + "/instanceIdentifier")));
  EXPECT_EQ(text_at(answer.body, scope + "/scopeInformation/0/expectedResponseDateTime"),
            format_timestamp(system.time().now() + std::chrono::hours(24)));
}

TEST_F(channel_create, message_conversation_and_opprettet_are_one_commit_before_the_answer) {
  store.commits = 0;
  const auto id = created(sak, {});
  EXPECT_EQ(store.commits, 1u);
  EXPECT_EQ(heard.expiry, 1u);
  EXPECT_TRUE(heard.outbox.empty());
  const auto message = stored("sak", id);
  EXPECT_FALSE(message.queued);
  EXPECT_EQ(message.via, service::dpo);
  EXPECT_EQ(message.receiver_identifier, peer);
  EXPECT_EQ(message.sender_identifier, "910077473");
  EXPECT_EQ(statuses_of(sak, id), std::vector<std::string>{"OPPRETTET"});
}

TEST_F(channel_create, the_conversation_is_as_clients_expect_it) {
  const auto id = created(sak, {.conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"});
  const auto answer = call(sak, endpoint::conversation_of_message, id);
  ASSERT_EQ(answer.status, 200u);
  const auto c = parsed(answer.body).as_object();
  EXPECT_EQ(c.at("conversationId"), "37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
  EXPECT_EQ(c.at("messageReference"), "37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
  EXPECT_EQ(c.at("messageTitle"), "");
  EXPECT_EQ(c.at("sender"), "0192:910077473");
  EXPECT_EQ(c.at("senderIdentifier"), "910077473");
  EXPECT_EQ(c.at("receiver"), "0192:910075918");
  EXPECT_EQ(c.at("receiverIdentifier"), "910075918");
  EXPECT_EQ(c.at("processIdentifier").as_string(), administrasjon);
  EXPECT_EQ(c.at("documentIdentifier"), "urn:no:difi:arkivmelding:xsd::arkivmelding");
  EXPECT_EQ(c.at("direction"), "OUTGOING");
  EXPECT_EQ(c.at("serviceIdentifier"), "DPO");
  EXPECT_EQ(c.at("finished"), false);
  EXPECT_FALSE(c.contains("externalSystemReference"));
  EXPECT_FALSE(c.contains("pollable"));
  const auto status = c.at("messageStatuses").at(0).as_object();
  EXPECT_EQ(status.at("status"), "OPPRETTET");
  EXPECT_FALSE(status.contains("convId"));
}

TEST_F(channel_create, a_request_of_today_comes_back_unchanged) {
  KP_FIXTURE(original, "rest/e2e-send-dpo.request.json");
  auto request = original;
  request.replace(request.find("2019-05-10"), 10, "2026-05-10");
  const auto answer = create(sak, request);
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(parsed(answer.body), parsed(request));
  const auto found = call(sak, endpoint::find_out, "ff88849c-e281-4809-8555-7cd54952b916");
  EXPECT_EQ(parsed(found.body), parsed(request));
}

TEST_F(channel_create, only_json_is_accepted) {
  const auto answer =
      ask(sak, api_call{endpoint::create, "/api/messages/out", {}, {}, "<x/>", "text/xml"});
  EXPECT_EQ(answer.status, 415u);
  EXPECT_EQ(exception_of(answer), "HttpMediaTypeNotSupportedException");
}

TEST_F(channel_create, what_is_no_document_is_400_with_the_parser_exception) {
  for (const std::string body : {"{", "", "  "}) {
    const auto answer = create(sak, body);
    EXPECT_EQ(answer.status, 400u) << body;
    EXPECT_EQ(exception_of(answer), "HttpMessageNotReadableException") << body;
  }
  EXPECT_EQ(text_at(create(sak, "{").body, "/path"), "/api/messages/out");
}

TEST_F(channel_create, a_deadline_in_the_past_is_a_violation) {
  const auto answer = create(sak, document_text{.deadline = "2019-04-25T11:38:23+02:00"}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MethodArgumentNotValidException");
  EXPECT_EQ(text_at(answer.body, "/errors/0/code"), "Future");
  EXPECT_TRUE(registry.asked.empty());
}

TEST_F(channel_create, a_represented_sender_becomes_a_part_of_the_own_organisation) {
  const auto answer = create(sak, document_text{.sender = "0192:987654325"}.text());
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(text_at(answer.body, "/standardBusinessDocumentHeader/sender/0/identifier/value"),
            "0192:910077473:987654325");
  const auto id = message_id_in(answer.body);
  EXPECT_EQ(stored("sak", id).sender_identifier, "987654325");
  const auto c = parsed(call(sak, endpoint::conversation_of_message, id).body);
  EXPECT_EQ(c.at("sender"), "0192:910077473:987654325");
  EXPECT_EQ(c.at("senderIdentifier"), "987654325");
}

TEST_F(channel_create, a_document_without_process_is_refused_before_the_registry_is_asked) {
  const auto answer = create(sak, document_text{.process = ""}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(said(answer), "SBD missing process");
  EXPECT_TRUE(registry.asked.empty());
}

TEST_F(channel_create, the_registry_is_asked_with_everything_the_document_says) {
  created(sak, {.conversation = "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"});
  ASSERT_EQ(registry.asked.size(), 1u);
  EXPECT_EQ(registry.asked[0].identifier, peer);
  EXPECT_EQ(registry.asked[0].process, administrasjon);
  EXPECT_EQ(registry.asked[0].security_level, 3);
  EXPECT_EQ(registry.asked[0].conversation, "37efbd4c-413d-4e2c-bbc5-257ef4a65a45");
}

TEST_F(channel_create, an_unknown_receiver_does_not_accept_the_process) {
  registry.failure = permanent(registry::registry_errc::not_found, "nobody");
  const auto answer = create(sak, document_text{}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "ReceiverDoesNotAcceptProcessException");
  EXPECT_EQ(said(answer), "Receiver do not accept the document process " + administrasjon);
  EXPECT_EQ(text_at(answer.body, "/description"),
            "Service record not found for parameters: SRParameter(identifier=910075918, process=" +
                administrasjon +
                ", securityLevel=3, print=null, infoOnly=false, conversationId=null)");
}

TEST_F(channel_create, what_the_registry_refuses_is_told_in_its_words) {
  registry.failure = permanent(registry::registry_errc::refused, "cannot receive level 4");
  const auto answer = create(sak, document_text{}.text());
  EXPECT_EQ(exception_of(answer), "ReceiverDoesNotAcceptProcessException");
  EXPECT_EQ(text_at(answer.body, "/description"), "cannot receive level 4");
}

TEST_F(channel_create, who_asked_sees_the_person_number_that_the_errors_of_the_hub_hide) {
  const registry::lookup what{"26079412345", administrasjon, 3,
                              "37efbd4c-413d-4e2c-bbc5-257ef4a65a45"};
  const error refused =
      permanent(registry::registry_errc::refused,
                mask_person_numbers("looked up " + registry::describe(what) + ", status 400"));
  const auto capabilities = capabilities_of(what, receiver_answer{{}, refused});
  ASSERT_FALSE(capabilities);
  EXPECT_EQ(capabilities.error().message, "looked up " + registry::describe(what) + ", status 400");
}

TEST_F(channel_create, a_receiver_that_does_not_offer_the_document_type_does_not_accept_it) {
  registry.document_types = {"urn:no:difi:avtalt:xsd::avtalt"};
  EXPECT_EQ(exception_of(create(sak, document_text{}.text())),
            "ReceiverDoesNotAcceptProcessException");
}

TEST_F(channel_create, a_registry_that_does_not_answer_is_503_with_retry_after) {
  registry.failure = transient(http::http_errc::unavailable, "the service registry is down");
  const auto answer = create(sak, document_text{}.text());
  EXPECT_EQ(answer.status, 503u);
  EXPECT_TRUE(answer.headers.find("Retry-After"));
}

TEST_F(channel_create, the_same_message_id_is_taken_as_long_as_its_conversation_lives) {
  const std::string id = "ff88849c-e281-4809-8555-7cd54952b916";
  created(sak, {.message = id});
  const auto again = create(sak, document_text{.message = id}.text());
  EXPECT_EQ(again.status, 400u);
  EXPECT_EQ(exception_of(again), "MessageAlreadyExistsException");
  EXPECT_EQ(said(again), "Message with messageId = " + id + " already exists");
  EXPECT_EQ(call(sak, endpoint::remove_out, id).status, 200u);
  EXPECT_EQ(exception_of(create(sak, document_text{.message = id}.text())),
            "MessageAlreadyExistsException");
  EXPECT_EQ(call(sak, endpoint::remove_conversation_of_message, id).status, 200u);
  EXPECT_EQ(create(sak, document_text{.message = id}.text()).status, 200u);
}

TEST_F(channel_create, the_id_of_a_message_that_arrived_is_taken) {
  const auto id = arrives("ff88849c-e281-4809-8555-7cd54952b919");
  EXPECT_EQ(exception_of(create(sak, document_text{.message = id}.text())),
            "MessageAlreadyExistsException");
}

TEST_F(channel_create, two_creates_of_one_id_at_once_store_one) {
  const std::string id = "ff88849c-e281-4809-8555-7cd54952b916";
  std::vector<unsigned> statuses;
  for (int i = 0; i < 2; ++i)
    system.later<api_answer>(
        sak,
        api_call{
            endpoint::create, "/", {}, {}, document_text{.message = id}.text(), "application/json"},
        [&](const api_answer& a) { statuses.push_back(a.status); });
  system.run();
  std::ranges::sort(statuses);
  EXPECT_EQ(statuses, (std::vector<unsigned>{200, 400}));
  EXPECT_EQ(statuses_of(sak, id).size(), 1u);
}

TEST_F(channel_create, an_unusable_certificate_refuses) {
  registry.certificate_refused = "certificate expired";
  const auto answer = create(sak, document_text{}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "InvalidCertificateException");
  EXPECT_EQ(said(answer), "certificate expired");
}

TEST_F(channel_create, a_service_that_is_off_is_refused_as_today) {
  KP_FIXTURE(example, "rest/error-service-not-enabled.json");
  registry.via = service::dpi;
  const auto answer = create(sak, document_text{}.text());
  auto expected = parsed(example).as_object();
  auto given = parsed(answer.body).as_object();
  expected.erase("timestamp");
  given.erase("timestamp");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(given, expected);
}

TEST_F(channel_create, a_service_that_the_organisation_or_the_channel_may_not_use_is_off) {
  settings->dpo.enabled = false;
  EXPECT_EQ(said(create(sak, document_text{}.text())), "Service DPO is not enabled");
  settings->dpo.enabled = true;
  settings->channels[0].sends.clear();
  EXPECT_EQ(said(create(sak, document_text{}.text())), "Service DPO is not enabled");
  EXPECT_EQ(create(fag, document_text{}.text()).status, 200u);
}

TEST_F(channel_create, without_receiver_no_service_is_enabled) {
  EXPECT_EQ(said(create(sak, document_text{.receiver = ""}.text())),
            "Service UNKNOWN is not enabled");
  EXPECT_TRUE(registry.asked.empty());
}

TEST_F(channel_create, the_standard_must_fit_the_type) {
  const auto answer =
      create(sak, document_text{.standard = "urn:no:difi:avtalt:xsd::avtalt"}.text());
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MessageTypeDoesNotFitDocumentTypeException");
}

TEST_F(channel_create, a_reference_given_as_identifier_is_read) {
  const std::string reference = "0a4d0a5c-7a3a-4b8e-8e39-0a6f2f6c1d52";
  const auto answer = create(
      sak, document_text{.scopes = R"({"type":"SenderRef","identifier":")" + reference + R"("})"}
               .text());
  EXPECT_EQ(text_at(answer.body,
                    "/standardBusinessDocumentHeader/businessScope/scope/1/instanceIdentifier"),
            reference);
}

TEST_F(channel_create, a_disk_that_refuses_is_503_and_nothing_is_there) {
  store.fail_with = permanent(storage::storage_errc::read_only, "no space");
  const auto answer = create(sak, document_text{}.text());
  EXPECT_EQ(answer.status, 503u);
  EXPECT_TRUE(answer.headers.find("Retry-After"));
  store.fail_with.reset();
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
}

TEST_F(channel_create, races_that_do_not_end_are_503_after_eight_attempts) {
  int attempts = 0;
  store.fail_with = permanent(storage::storage_errc::precondition_failed, "somebody was faster");
  store.before_commit = [&] { return ++attempts == 0; };
  EXPECT_EQ(create(sak, document_text{}.text()).status, 503u);
  EXPECT_EQ(attempts, 8);
}

TEST_F(channel_create, nothing_is_answered_before_it_is_durable) {
  std::optional<api_answer> early;
  bool was_early = true;
  store.before_commit = [&] {
    was_early = early.has_value();
    return true;
  };
  system.later<api_answer>(
      sak, api_call{endpoint::create, "/", {}, {}, document_text{}.text(), "application/json"},
      [&](const api_answer& a) { early = a; });
  system.run();
  EXPECT_FALSE(was_early);
  ASSERT_TRUE(early);
  EXPECT_EQ(early->status, 200u);
}

TEST_F(channel_create, a_channel_that_dies_while_asking_lets_nobody_wait) {
  bool answered = false;
  registry.when_asked = [&] { caf::anon_send_exit(sak, caf::exit_reason::kill); };
  system.actors().spawn([&](caf::event_based_actor* self) {
    self->request(
            sak, caf::infinite,
            api_call{endpoint::create, "/", {}, {}, document_text{}.text(), "application/json"})
        .then([&](const api_answer&) { answered = true; },
              [&](const caf::error&) { answered = true; });
  });
  system.run();
  EXPECT_TRUE(answered);
}

TEST_F(channel_create, capabilities_name_what_the_receiver_offers) {
  const auto answer = call(sak, endpoint::capabilities, std::string(peer),
                           "securityLevel=4&process=" + administrasjon);
  ASSERT_EQ(answer.status, 200u) << answer.body;
  EXPECT_EQ(registry.asked.at(0).security_level, 4);
  EXPECT_EQ(registry.asked.at(0).process, administrasjon);
  EXPECT_EQ(text_at(answer.body, "/capabilities/1/serviceIdentifier"), "DPO");
  EXPECT_EQ(text_at(answer.body, "/capabilities/1/documentTypes/0/type"), "arkivmelding");
}

TEST_F(channel_create, capabilities_of_nobody_are_404) {
  registry.failure = permanent(registry::registry_errc::not_found, "nobody");
  const auto answer = call(sak, endpoint::capabilities, "999999999");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(exception_of(answer), "IdentifierNotFoundException");
  EXPECT_EQ(
      text_at(call(sak, endpoint::capabilities, "999999999", "securityLevel=4&process=urn:p").body,
              "/message"),
      "--no.difi.meldingsutveksling.exceptions.IdentifierNotFoundException-- [Service record "
      "not found for parameters: SRParameter(identifier=999999999, process=urn:p, "
      "securityLevel=4, print=null, infoOnly=false, conversationId=null)]");
  EXPECT_EQ(call(sak, endpoint::capabilities, "999999999", "securityLevel=high").status, 400u);
}

}  // namespace
}  // namespace kp::test
