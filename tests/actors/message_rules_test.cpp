#include "protocol/sbd/document.hpp"
#include "tests/actors/sending.hpp"

// The rules of each type and service for files, and which of two mistakes is named.

namespace kp::test {
namespace {

using message_rules = sending_test;

const std::vector<std::string> types_with_files{
    "arkivmelding", "digital", "digital_dpv", "print", "innsynskrav", "publisering", "fiksio"};
const std::vector<std::string> types_without_files{"arkivmelding_kvittering", "avtalt",
                                                   "einnsyn_kvittering", "status"};
const std::string letter =
    R"({"mottaker":{"adresselinje1":"G","postnummer":"0001","poststed":"OSLO"},)"
    R"("retur":{"mottaker":{"adresselinje1":"G","postnummer":"0001","poststed":"OSLO"}},)"
    R"("hoveddokument":"brev.pdf"})";
const std::string dialogue =
    R"({"hoveddokument":"dialogmelding.xml",)"
    R"("pasient":{"fnr":"30878199614","fornavn":"Raff","etternavn":"Raffen"},)"
    R"("metadataFiler":{"bilde.png":{"issueDate":"2026-01-01T00:00:00Z","description":"x"}}})";

TEST_F(message_rules, every_known_type_has_a_row_and_every_service_another) {
  for (const auto* type : {"status", "arkivmelding", "arkivmelding_kvittering", "avtalt", "digital",
                           "digital_dpv", "print", "dialogmelding", "dialogmelding_kvittering",
                           "innsynskrav", "publisering", "einnsyn_kvittering", "fiksio"}) {
    ASSERT_TRUE(sbd::is_known_type(type)) << type;
    EXPECT_EQ(rules_of(std::string_view(type)).type, type);
  }
  for (const auto via : all_services) EXPECT_EQ(rules_of(via).via, via);
  EXPECT_EQ(rules_of(service::unknown).upload_limit, 0u);
  EXPECT_EQ(rules_of(std::string_view("feil")).type, "");
}

TEST_F(message_rules, the_files_of_a_message_have_the_limit_of_their_service) {
  constexpr std::uint64_t megabyte = 1024 * 1024;
  settings->dpo.upload_size_limit = 1024 * megabyte;
  for (const auto& [via, limit] : {std::pair{service::dpo, 1024u},
                                   {service::dpv, 250u},
                                   {service::dpi, 50u},
                                   {service::dpf, 350u},
                                   {service::dpe, 2u},
                                   {service::dpfio, 2048u}}) {
    const auto type = via == service::dpfio ? "fiksio" : "avtalt";
    const auto id = created_from(of_type(type, via).text());
    auto begin = begin_of(id, "a.pdf", limit * megabyte);
    begin.title = "A";
    EXPECT_TRUE(ask<upload_admission>(sak, begin).ticket) << to_string(via);
    begin.content_length = limit * megabyte + 1;
    const auto refused = ask<upload_admission>(sak, begin).refusal.value();
    EXPECT_EQ(said(refused),
              fmt::format("The combined file size for all attachments ({0}MB) exceeds the maximum "
                          "allowed upload size for the target service ({1}, {0}MB)",
                          limit, to_string(via)));
  }
  const auto id = created_from(health_message(dialogue));
  auto begin = begin_of(id, "dialogmelding.xml", 18 * megabyte);
  EXPECT_TRUE(ask<upload_admission>(sak, begin).ticket);
  begin.content_length = 18 * megabyte + 1;
  EXPECT_EQ(exception_of(ask<upload_admission>(sak, begin).refusal.value()),
            "MaxFileSizeExceededException");
}

TEST_F(message_rules, types_with_content_cannot_be_sent_without_a_file) {
  for (const auto& type : types_with_files) {
    const auto via = type == "fiksio" ? service::dpfio : service::dpe;
    const auto id = created_from(of_type(type, via, type == "print" ? letter : "{}").text());
    EXPECT_EQ(send(id), "MissingFileException") << type;
  }
  EXPECT_EQ(send(created_from(health_message(dialogue))), "MissingFileException");
  for (const auto& type : types_without_files)
    EXPECT_EQ(send(created_from(of_type(type, service::dpe).text())), "200") << type;
  EXPECT_EQ(send(created_from(health_message("{}", "dialogmelding_kvittering"))), "200");
}

TEST_F(message_rules, dpv_wants_a_title_for_every_file) {
  const auto id = created_from(of_type("digital_dpv", service::dpv).text());
  const auto refused = ask<upload_admission>(sak,
                                             [&] {
                                               auto begin = begin_of(id, "a.pdf", 1);
                                               begin.content_disposition =
                                                   "attachment; filename=\"a.pdf\"";
                                               return begin;
                                             }())
                           .refusal.value();
  EXPECT_EQ(said(refused), "Title is required for the following capabilities: DPV");
  EXPECT_EQ(put(id, {.name = "a.pdf", .title = "  "}), "MissingFileTitleException");
  EXPECT_EQ(put(id, {.name = "a.pdf", .title = "Vedtak"}), "200");
  EXPECT_EQ(stored("sak", id).files.at(0).title, "Vedtak");
  EXPECT_EQ(send(id), "200");
  ASSERT_EQ(heard.outbox.size(), 1u);
  EXPECT_EQ(heard.outbox[0], service::dpv);

  const auto archive = created_from(of_type("arkivmelding", service::dpv).text());
  EXPECT_EQ(put(archive, {.name = "arkivmelding.xml", .bytes = arkivmelding_xml}),
            "MissingFileTitleException");
  EXPECT_EQ(put(archive, {.name = "brev.pdf", .title = "Brev"}), "200");
  EXPECT_EQ(send(archive), "MissingArkivmeldingException");
}

TEST_F(message_rules, a_service_without_titles_keeps_a_blank_one_as_none) {
  const auto id = created_from(of_type("avtalt", service::dpo).text());
  EXPECT_EQ(put(id, {.name = "a.pdf", .title = ""}), "200");
  EXPECT_EQ(stored("sak", id).files.at(0).title, std::nullopt);
}

TEST_F(message_rules, digital_post_wants_titles_but_for_its_main_document_and_metadata) {
  const auto id = created_from(
      of_type("digital", service::dpi,
              R"({"hoveddokument":"brev.pdf","metadataFiler":{"vedlegg.pdf":"data.xml"}})")
          .text());
  EXPECT_EQ(put(id, {.name = "vedlegg.pdf"}), "MissingFileTitleException");
  EXPECT_EQ(put(id, {.name = "annet.pdf", .title = "Annet"}), "200");
  auto answer = call(sak, endpoint::send, id);
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(exception_of(answer), "FileNotFoundException");
  EXPECT_EQ(said(answer), "File(s) named vedlegg.pdf, data.xml was not found");
  EXPECT_EQ(put(id, {.name = "vedlegg.pdf", .title = "Vedlegg"}), "200");
  EXPECT_EQ(put(id, {.name = "data.xml"}), "200");
  answer = call(sak, endpoint::send, id);
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(exception_of(answer), "MissingPrimaryDocumentException");
  EXPECT_EQ(said(answer),
            "Missing a primary document. Please specify the hoveddokument property in the business "
            "message and verify that is equal to one of the filenames.");
  EXPECT_EQ(put(id, {.name = "brev.pdf"}), "200");
  EXPECT_EQ(send(id), "200");
}

TEST_F(message_rules, a_letter_on_paper_wants_its_main_document_and_titles_for_the_rest) {
  const auto id = created_from(of_type("print", service::dpi, letter).text());
  EXPECT_EQ(put(id, {.name = "a.pdf"}), "MissingFileTitleException");
  EXPECT_EQ(put(id, {.name = "a.pdf", .title = "A"}), "200");
  EXPECT_EQ(send(id), "MissingPrimaryDocumentException");
  EXPECT_EQ(put(id, {.name = "brev.pdf"}), "200");
  EXPECT_EQ(send(id), "200");
}

TEST_F(message_rules, health_attachments_are_announced_and_of_few_kinds) {
  const auto id = created_from(health_message(dialogue));
  EXPECT_EQ(put(id, {.name = "annet.png", .title = "Annet", .type = "image/png"}),
            "MissingFileTitleException");
  auto begin = begin_of(id, "bilde.png", 1);
  begin.content_type = "text/plain";
  EXPECT_EQ(
      said(ask<upload_admission>(sak, begin).refusal.value()),
      "--no.difi.meldingsutveksling.exceptions.InvalidContentTypeException-- [Invalid content "
      "type: text/plain]");
  EXPECT_EQ(put(id, {.name = "bilde.png", .type = "image/png"}), "200");
  EXPECT_EQ(send(id), "MissingPrimaryDocumentException");
  EXPECT_EQ(put(id, {.name = "dialogmelding.xml", .type = "text/xml"}), "200");
  EXPECT_EQ(send(id), "200");
}

TEST_F(message_rules, fiks_io_takes_any_standard_and_needs_no_registry) {
  const auto id = created_from(of_type("fiksio", service::dpo).text());
  EXPECT_EQ(says.asked, 0u);
  EXPECT_EQ(stored("sak", id).via, service::dpfio);
  EXPECT_EQ(put(id, {.name = "data.json", .type = "application/json"}), "200");
  EXPECT_EQ(send(id), "200");
}

// ---- the order of the checks: of two mistakes the first is named ----

TEST_F(message_rules, of_two_mistakes_in_a_document_the_earlier_check_names_its_own) {
  const auto refusal_of = [&](const std::string& text) { return outcome(create(sak, text)); };
  const std::string taken = "ff88849c-e281-4809-8555-7cd54952b916";
  auto document = of_type("avtalt", service::dpo);
  document.message = taken;
  created_from(document.text());

  // Header before process, process before lookup.
  document.deadline = "2019-04-25T11:38:23+02:00";
  document.process = "";
  EXPECT_EQ(refusal_of(document.text()), "MethodArgumentNotValidException");
  document.deadline = "";
  says.answer.records.clear();
  EXPECT_EQ(refusal_of(document.text()), "IllegalStateException");
  // Lookup before the id, the id before the service, the service before the standard.
  document.process = administrasjon;
  EXPECT_EQ(refusal_of(document.text()), "ReceiverDoesNotAcceptProcessException");
  document.standard = "urn:no:difi:x:xsd::annet";
  offers(service::dpv, document.standard);
  set_enabled(service::dpv, false);
  EXPECT_EQ(refusal_of(document.text()), "MessageAlreadyExistsException");
  document.message = "";
  EXPECT_EQ(refusal_of(document.text()), "ServiceNotEnabledException");
  set_enabled(service::dpv, true);
  EXPECT_EQ(refusal_of(document.text()), "MessageTypeDoesNotFitDocumentTypeException");
  // Addresses before the standard.
  document = of_type("print", service::dpv);
  document.standard = "urn:no:difi:x:xsd::annet";
  offers(service::dpv, document.standard);
  EXPECT_EQ(refusal_of(document.text()), "MissingAddressInformationException");
  // The standard before what DPH asks.
  document = of_type("dialogmelding", service::dph);
  document.standard = "urn:no:difi:x:xsd::annet";
  offers(service::dph, document.standard);
  EXPECT_EQ(refusal_of(document.text()), "MessageTypeDoesNotFitDocumentTypeException");
}

TEST_F(message_rules, of_two_mistakes_in_a_file_the_earlier_check_names_its_own) {
  const auto id = created_from(health_message(dialogue));
  EXPECT_EQ(put(id, {.name = "bilde.png", .type = "image/png"}), "200");
  auto begin = begin_of(id, "bilde.png", 1ull << 40);
  const auto refused = [&] {
    return exception_of(ask<upload_admission>(sak, begin).refusal.value());
  };
  EXPECT_EQ(refused(), "DuplicateFilenameException");
  begin = begin_of(id, "annet.txt", 1ull << 40);
  begin.content_type = "text/plain";
  EXPECT_EQ(refused(), "MaxFileSizeExceededException");
  begin.content_length = 1;
  EXPECT_EQ(refused(), "MissingFileTitleException");
}

TEST_F(message_rules, sending_names_the_deadline_before_missing_files_and_those_before_the_main) {
  auto document =
      of_type("digital", service::dpi, R"({"hoveddokument":"b.pdf","metadataFiler":{"a":"c"}})");
  document.deadline = "2026-05-10T00:31:52+01:00";
  const auto id = created_from(document.text());
  EXPECT_EQ(put(id, {.name = "x.pdf", .title = "X"}), "200");
  EXPECT_EQ(send(id), "FileNotFoundException");
  system.pass(std::chrono::hours(24 * 90), std::chrono::hours(24));
  EXPECT_EQ(send(id), "TimeToLiveException");
}

// ---- multipart ----

TEST_F(message_rules, a_multipart_request_names_the_document_before_sizes_before_names) {
  auto document = of_type("avtalt", service::dpo);
  const auto outcome_of = [&](const document_text& d, const std::vector<file>& files,
                              bool too_large) {
    auto request = parts(d.text(), files);
    if (too_large) request.files.back().content = {"", multipart_file_limit + 1, ""};
    return outcome(ask(sak, std::move(request)));
  };
  const file a{.name = "a.pdf", .title = "a"};
  auto late = document;
  late.deadline = "2019-04-25T11:38:23+02:00";
  EXPECT_EQ(outcome_of(late, {a, a}, true), "ConstraintViolationException");
  EXPECT_EQ(outcome_of(document, {a, a}, true), "MultipartFileToLargeException");
  says.answer.records.clear();
  EXPECT_EQ(outcome_of(document, {a, a}, false), "DuplicateFilenameException");
  EXPECT_EQ(outcome_of(document, {a}, false), "ReceiverDoesNotAcceptProcessException");
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
}

TEST_F(message_rules, files_of_a_multipart_request_are_judged_one_after_the_other) {
  const auto document = of_type("digital_dpv", service::dpv).text();
  const file broken{.name = "arkivmelding.xml", .title = "x", .bytes = "<no"};
  const file untitled{.name = "a.pdf"};
  EXPECT_EQ(outcome(ask(sak, parts(document, {broken, untitled}))), "NextMoveRuntimeException");
  EXPECT_EQ(outcome(ask(sak, parts(document, {untitled, broken}))), "MissingFileTitleException");
  EXPECT_EQ(total(call(sak, endpoint::list_out)), 0);
}

TEST_F(message_rules, a_multipart_message_that_may_not_be_sent_stays_and_can_be_mended) {
  auto document = of_type("digital", service::dpi, R"({"hoveddokument":"brev.pdf"})");
  document.message = "ff88849c-e281-4809-8555-7cd54952b916";
  const file attachment{.name = "a.pdf", .title = "A"};
  EXPECT_EQ(outcome(ask(sak, parts(document.text(), {attachment}))),
            "MissingPrimaryDocumentException");
  EXPECT_EQ(outcome(ask(sak, parts(document.text(), {attachment}))),
            "MessageAlreadyExistsException");
  EXPECT_EQ(put(document.message, {.name = "brev.pdf"}), "200");
  EXPECT_EQ(send(document.message), "200");
}

}  // namespace
}  // namespace kp::test
