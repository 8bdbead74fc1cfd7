#include "tests/actors/support_channel.hpp"

#include <limits>

namespace kp::test {
namespace {

class channel_uploads : public channel_test {
 protected:
  upload_admission begin(const upload_begin& upload) { return ask<upload_admission>(sak, upload); }
  const std::string unknown = "00000000-0000-4000-8000-000000000000";
};

TEST_F(channel_uploads, the_headers_are_judged_in_order) {
  const auto id = created(sak, {});
  auto b = begin_of(unknown, "brev.pdf", 10);
  EXPECT_EQ(begin(b).refusal.value().status, 404u);
  EXPECT_EQ(exception_of(*begin(b).refusal), "MessageNotFoundException");
  b.message = "no-uuid";
  EXPECT_EQ(begin(b).refusal.value().status, 404u);
  b.content_type.reset();
  auto answer = begin(b).refusal.value();
  EXPECT_EQ(answer.status, 400u) << "before the message is looked for";
  b.message = id;
  answer = begin(b).refusal.value();
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(said(answer), "Required header 'Content-Type' is not present.");
  b.content_type = "application/pdf";
  b.content_disposition.reset();
  EXPECT_EQ(exception_of(*begin(b).refusal), "MissingRequestHeaderException");
  b.content_disposition = "";
  EXPECT_EQ(begin(b).refusal->status, 400u);
  EXPECT_EQ(said(begin(b).refusal.value()), "Content-Disposition header must not be empty");
  b.content_disposition = "attachment; name=\"brev\"";
  EXPECT_EQ(begin(b).refusal.value().status, 400u);
  EXPECT_EQ(text_at(begin(b).refusal->body, "/path"), "/api/messages/out/" + unknown);
}

TEST_F(channel_uploads, the_ticket_says_what_will_be_stored) {
  const auto id = created(sak, {});
  auto b = begin_of(id, "brev.pdf", 10);
  b.content_type = "application/octet-stream";
  auto ticket = begin(b).ticket.value();
  EXPECT_EQ(ticket.mime_type, "application/pdf");
  EXPECT_EQ(ticket.title, "brev.pdf");
  EXPECT_EQ(ticket.max_bytes, 100'000'000u);
  b.title = "Svarbrev";
  b.content_disposition = "attachment; filename*=UTF-8''bl%C3%A5b%C3%A6r.pdf";
  ticket = begin(b).ticket.value();
  EXPECT_EQ(ticket.title, "Svarbrev");
  EXPECT_EQ(ticket.filename, "blåbær.pdf");
}

TEST_F(channel_uploads, files_get_numbers_in_upload_order_and_the_main_document_is_known) {
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "vedlegg.pdf", "0123").status, 200u);
  const auto answer = upload(sak, id, "brev.pdf", "01234567");
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.body, "");
  const auto files = stored("sak", id).files;
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].number, 1u);
  EXPECT_FALSE(files[0].primary);
  EXPECT_EQ(files[1].number, 2u);
  EXPECT_TRUE(files[1].primary);
  EXPECT_EQ(files[1].content.size, 8u);
  EXPECT_TRUE(blob_is_recorded(files[0].content));
  EXPECT_TRUE(blob_is_recorded(files[1].content));
}

TEST_F(channel_uploads, a_name_may_be_used_once) {
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "brev.pdf", "x").status, 200u);
  const auto answer = upload(sak, id, "brev.pdf", "y");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "DuplicateFilenameException");
  EXPECT_EQ(said(answer), "Filename already exists in message: brev.pdf.");
}

TEST_F(channel_uploads, the_sum_of_the_files_has_a_limit_that_may_be_reached) {
  settings->dpo.upload_size_limit = 10;
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "a.pdf", "0123").status, 200u);
  EXPECT_EQ(begin(begin_of(id, "b.pdf", 6)).ticket.value().max_bytes, 6u);
  const auto answer = begin(begin_of(id, "b.pdf", 7)).refusal.value();
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MaxFileSizeExceededException");
  EXPECT_EQ(said(answer),
            "The combined file size for all attachments (11b) exceeds the maximum allowed upload "
            "size for the target service (DPO, 10b)");
  EXPECT_EQ(upload(sak, id, "b.pdf", "012345").status, 200u);
}

TEST_F(channel_uploads, a_length_beyond_all_numbers_or_a_lowered_limit_leaves_no_room) {
  settings->dpo.upload_size_limit = 10;
  const auto id = created(sak, {});
  EXPECT_EQ(upload(sak, id, "a.pdf", "01234567").status, 200u);
  const auto endless = begin_of(id, "b.pdf", std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(exception_of(begin(endless).refusal.value()), "MaxFileSizeExceededException");
  settings->dpo.upload_size_limit = 5;
  auto unknown_length = begin_of(id, "b.pdf", 0);
  unknown_length.content_length.reset();
  EXPECT_EQ(begin(unknown_length).ticket.value().max_bytes, 0u);
}

TEST_F(channel_uploads, a_body_without_length_that_outgrows_its_ticket_is_refused_as_too_large) {
  settings->dpo.upload_size_limit = 10;
  const auto id = created(sak, {});
  auto b = begin_of(id, "a.pdf", 0);
  b.content_length.reset();
  const auto ticket = begin(b).ticket.value();
  EXPECT_EQ(ticket.max_bytes, 10u);
  const auto answer = ask(sak, upload_too_large{"/api/messages/out/" + id, ticket, 11});
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MaxFileSizeExceededException");
}

TEST_F(channel_uploads, concurrent_uploads_to_one_message_all_survive) {
  const auto id = created(sak, {});
  std::vector<upload_end> ends;
  for (int i = 0; i < 6; ++i)
    ends.push_back(end_of(begin(begin_of(id, fmt::format("{}.pdf", i), 1)).ticket.value(), "x"));
  std::vector<unsigned> answers;
  for (const auto& end : ends)
    system.later<api_answer>(sak, end, [&](const api_answer& a) { answers.push_back(a.status); });
  system.run();
  EXPECT_EQ(answers, std::vector<unsigned>(6, 200));
  const auto files = stored("sak", id).files;
  ASSERT_EQ(files.size(), 6u);
  std::set<std::uint32_t> numbers_given;
  for (const auto& file : files) numbers_given.insert(file.number);
  EXPECT_EQ(numbers_given, (std::set<std::uint32_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(channel_uploads, of_two_concurrent_uploads_of_one_name_one_is_kept) {
  const auto id = created(sak, {});
  const auto ticket = begin(begin_of(id, "a.pdf", 1)).ticket.value();
  const auto one = end_of(ticket, "x");
  const auto two = end_of(ticket, "y");
  EXPECT_EQ(ask(sak, one).status, 200u);
  const auto answer = ask(sak, two);
  EXPECT_EQ(exception_of(answer), "DuplicateFilenameException");
  EXPECT_FALSE(blob_is_recorded(two.content));
  EXPECT_EQ(stored("sak", id).files.size(), 1u);
}

TEST_F(channel_uploads, arkivmelding_gives_the_conversation_its_title_and_reference) {
  const auto id = created(sak, {});
  system.pass(std::chrono::minutes(1));
  EXPECT_EQ(upload(sak, id, "arkivmelding.xml", arkivmelding_xml).status, 200u);
  const auto c = parsed(call(sak, endpoint::conversation_of_message, id).body);
  EXPECT_EQ(c.at("messageTitle"), "Nye lysrør");
  EXPECT_EQ(c.at("messageReference"), "43fbe161-7aac-4c9f-a888-d8167aab4144-7");
  EXPECT_EQ(c.at("lastUpdate").as_string(), format_timestamp(system.time().now()));
}

TEST_F(channel_uploads, what_is_no_arkivmelding_is_400_and_says_why) {
  const auto id = created(sak, {});
  const auto answer = upload(sak, id, "arkivmelding.xml", "<arkivmelding><mappe>");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "NextMoveRuntimeException");
  EXPECT_TRUE(said(answer).starts_with("Failed to get Arkivmelding: "));
  EXPECT_TRUE(stored("sak", id).files.empty());
}

TEST_F(channel_uploads, an_arkivmelding_without_case_file_is_400) {
  const auto id = created(sak, {});
  const auto answer =
      upload(sak, id, "arkivmelding.xml",
             R"(<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding"/>)");
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(said(answer), "No \"Saksmappe\" found in Arkivmelding");
}

TEST_F(channel_uploads, a_message_that_has_been_sent_takes_no_more_files) {
  const auto id = created(sak, {.type = "avtalt", .business = "{}"});
  EXPECT_EQ(call(sak, endpoint::send, id).status, 200u);
  EXPECT_EQ(begin(begin_of(id, "a.pdf", 1)).refusal.value().status, 404u);
}

TEST_F(channel_uploads, a_file_for_a_message_deleted_meanwhile_is_404) {
  const auto id = created(sak, {});
  const auto end = end_of(begin(begin_of(id, "a.pdf", 1)).ticket.value(), "x");
  EXPECT_EQ(call(sak, endpoint::remove_out, id).status, 200u);
  EXPECT_EQ(ask(sak, end).status, 404u);
  EXPECT_FALSE(blob_is_recorded(end.content));
}

}  // namespace
}  // namespace kp::test
