#include "protocol/api/error_body.hpp"

#include "protocol/sbd/sbd_error.hpp"
#include "tests/support/fixtures.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

using namespace kp;
using namespace kp::api;

namespace json = boost::json;

namespace {

const time_point noon = *parse_timestamp_with_offset("2019-03-25T12:38:23+01:00");

void expect(const problem& p, unsigned status, std::string_view exception,
            std::string_view message) {
  EXPECT_EQ(p.status, status);
  ASSERT_TRUE(p.exception);
  EXPECT_EQ(*p.exception, exception);
  EXPECT_EQ(p.message, message);
}

void expect_application(const problem& p, unsigned status, std::string_view name,
                        std::string_view message) {
  expect(p, status, "no.difi.meldingsutveksling.exceptions." + std::string(name), message);
}

sbd::violation past_deadline() {
  sbd::violation v;
  v.path =
      "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[]."
      "expectedResponseDateTime";
  v.constraint = "Future";
  v.text = "must be a future date";
  v.rejected = json::value("2019-04-25T11:38:23+02:00");
  v.java_type = "java.time.OffsetDateTime";
  return v;
}

sbd::violation two_senders() {
  sbd::violation v;
  v.path = "standardBusinessDocumentHeader.sender";
  v.constraint = "Size";
  v.text = "size must be between 0 and 1";
  v.java_type = "java.util.Set";
  v.attributes = {1, 0};
  return v;
}

}  // namespace

TEST(error_body, has_the_members_of_today_in_their_order) {
  const auto body = to_json(service_not_enabled("DPI"), "/api/messages/out", noon);
  EXPECT_EQ(json::value(body), json::parse(R"({
    "timestamp": "2019-03-25T12:38:23+01:00",
    "exception": "no.difi.meldingsutveksling.exceptions.ServiceNotEnabledException",
    "message": "Service DPI is not enabled",
    "status": 400, "error": "Bad Request", "path": "/api/messages/out"})"));
  EXPECT_EQ(body.begin()->key(), "timestamp");
  EXPECT_EQ(std::prev(body.end())->key(), "path");
}

TEST(error_body, equals_the_bodies_of_the_collection) {
  struct expectation {
    const char* path;
    problem from;
    const char* at;
  };
  const expectation expectations[] = {
      {"rest/error-service-not-enabled.json", service_not_enabled("DPI"), "/api/messages/out"},
      {"rest/error-conversation-not-found.json", conversation_not_found(49),
       "/api/conversations/49"},
  };
  for (const auto& expected : expectations) {
    KP_FIXTURE(text, expected.path);
    EXPECT_EQ(json::value(to_json(expected.from, expected.at, noon)), json::parse(text));
  }
  KP_FIXTURE(expired, "rest/e2e-send-expired.error.json");
  EXPECT_EQ(json::value(to_json(time_to_live("2019-05-10T00:31:52+01:00"),
                                "/api/messages/out/ff88849c-e281-4809-8555-7cd54952b923",
                                *parse_timestamp_with_offset("2019-05-12T22:00:00+02:00"))),
            json::parse(expired));
}

TEST(error_body, has_no_exception_for_bad_credentials) {
  const auto body = to_json(unauthorized(), "/api/x", noon);
  EXPECT_FALSE(body.contains("exception"));
  EXPECT_EQ(body.at("status"), 401);
  EXPECT_EQ(body.at("error"), "Unauthorized");
  EXPECT_EQ(body.at("message"), "Unauthorized");
}

TEST(error_body, never_goes_without_a_message) {
  EXPECT_EQ(to_json(internal(""), "/", noon).at("message"), "No message available");
}

TEST(problem, fills_the_templates_of_the_application) {
  expect_application(conversation_not_found(12345), 404, "ConversationNotFoundException",
                     "Conversation with id = 12,345 was not found");
  expect_application(conversation_not_found(1234567), 404, "ConversationNotFoundException",
                     "Conversation with id = 1,234,567 was not found");
  expect_application(message_not_found("x"), 404, "MessageNotFoundException",
                     "Message with messageId = x was not found");
  expect_application(duplicate_filename("a.txt, a.txt"), 400, "DuplicateFilenameException",
                     "Filename already exists in message: a.txt, a.txt.");
  expect_application(invalid_certificate("expired"), 400, "InvalidCertificateException", "expired");
  expect_application(message_already_exists("x"), 400, "MessageAlreadyExistsException",
                     "Message with messageId = x already exists");
  expect_application(message_channel_invalid("a", "b"), 400, "MessageChannelInvalidException",
                     "Valid channels: a, but found b in SBDH");
  expect_application(message_not_locked("x"), 400, "MessageNotLockedException",
                     "Message with messageId = x was not locked");
  expect_application(message_type_does_not_fit("arkivmelding", "urn::avtalt"), 400,
                     "MessageTypeDoesNotFitDocumentTypeException",
                     "Message type arkivmelding does not match the document type urn::avtalt");
  expect_application(missing_arkivmelding(), 400, "MissingArkivmeldingException",
                     "DPO message type requires arkivmelding.xml attachment");
  expect_application(missing_arkivmelding_file("a,b"), 400, "MissingArkivmeldingFileException",
                     "File(s) defined in arkivmelding, but not found in message: a,b");
  expect_application(missing_file(), 400, "MissingFileException",
                     "There must always be at least one attachment");
  expect_application(multipart_file_too_large("a.pdf", 5242880), 400,
                     "MultipartFileToLargeException",
                     "The attachment named 'a.pdf' is too large. The maximum size for multipart "
                     "requests is 5,242,880 bytes. Please use the non-multipart API to avoid such "
                     "problems.");
}

TEST(problem, speaks_of_files_and_titles_as_upstream_does) {
  expect_application(file_not_found("a.xml, b.xml"), 404, "FileNotFoundException",
                     "File(s) named a.xml, b.xml was not found");
  expect_application(missing_file_title("DPV"), 400, "MissingFileTitleException",
                     "Title is required for the following capabilities: DPV");
  expect_application(missing_primary_document(), 400, "MissingPrimaryDocumentException",
                     "Missing a primary document. Please specify the hoveddokument property in the "
                     "business message and verify that is equal to one of the filenames.");
  const std::string before = "--no.difi.meldingsutveksling.exceptions.";
  expect_application(missing_address("retur"), 400, "MissingAddressInformationException",
                     before + "MissingAddressInformationException-- [retur]");
  expect_application(sender_refused("s"), 400, "SenderException", before + "SenderException-- [s]");
  expect_application(receiver_refused("r"), 400, "ReceiverException",
                     before + "ReceiverException-- [r]");
  expect_application(invalid_content_type("text/plain"), 400, "InvalidContentTypeException",
                     before + "InvalidContentTypeException-- [Invalid content type: text/plain]");
}

TEST(problem, names_what_a_business_message_lacks_without_showing_it) {
  sbd::violation missing;
  missing.path = "pasient.fnr";
  missing.constraint = "NotNull";
  missing.text = "must not be null";
  const auto p = business_message_invalid("dialogmelding", {missing});
  expect(p, 400, "jakarta.validation.ConstraintViolationException",
         "The following violations where found when validating 'dialogmelding':\n [pasient.fnr: "
         "must not be null]");
  ASSERT_EQ(p.errors.size(), 1u);
  EXPECT_EQ(json::value(p.errors[0]), json::parse(R"({
    "codes": ["NotNull"], "defaultMessage": "must not be null", "objectName": "pasient.fnr",
    "field": "pasient.fnr", "bindingFailure": false, "code": "NotNull"})"));
}

TEST(problem, prints_exceptions_without_template_as_upstream_does) {
  expect_application(asic_read("x"), 500, "AsicReadException",
                     "--no.difi.meldingsutveksling.exceptions.AsicReadException-- [x]");
  const auto unknown = identifier_not_found("910077473", "urn:p");
  EXPECT_EQ(unknown.status, 404u);
  EXPECT_EQ(unknown.message,
            "--no.difi.meldingsutveksling.exceptions.IdentifierNotFoundException-- [Service record "
            "not found for parameters: SRParameter(identifier=910077473, process=urn:p, "
            "securityLevel=null, print=null, infoOnly=false, conversationId=null)]");
  EXPECT_NE(identifier_not_found("1", std::nullopt).message.find("process=null"),
            std::string::npos);
}

TEST(problem, gives_sizes_in_bytes_below_a_megabyte_and_else_in_whole_ones) {
  const auto text = [](const problem& p) { return p.message.substr(p.message.find('(')); };
  EXPECT_EQ(text(max_file_size_exceeded(900000, "DPE", 800000)),
            "(900000b) exceeds the maximum allowed upload size for the target service (DPE, "
            "800000b)");
  EXPECT_EQ(text(max_file_size_exceeded(3 * 1024 * 1024 + 5, "DPE", 2 * 1024 * 1024)),
            "(3MB) exceeds the maximum allowed upload size for the target service (DPE, 2MB)");
}

TEST(problem, describes_why_a_receiver_does_not_accept_a_process) {
  const auto body = to_json(receiver_does_not_accept_process("urn:p", "not found"), "/p", noon);
  EXPECT_EQ(body.at("message"), "Receiver do not accept the document process urn:p");
  EXPECT_EQ(body.at("description"), "not found");
}

TEST(problem, speaks_as_the_frameworks_did) {
  expect(not_acceptable(), 406, "org.springframework.web.HttpMediaTypeNotAcceptableException",
         "Acceptable representations: [application/json, application/*+json].");
  expect(malformed_multipart("why"), 400, "org.springframework.web.multipart.MultipartException",
         "why");
  expect(document_too_large(2097152), 413,
         "org.springframework.web.multipart.MaxUploadSizeExceededException",
         "Maximum upload size exceeded: a document may have 2097152 bytes");
  expect(no_resource("/api/x"), 404,
         "org.springframework.web.servlet.resource.NoResourceFoundException",
         "No static resource api/x.");
  expect(method_not_allowed("PATCH"), 405,
         "org.springframework.web.HttpRequestMethodNotSupportedException",
         "Method 'PATCH' is not supported.");
  expect(unsupported_media_type("text/plain"), 415,
         "org.springframework.web.HttpMediaTypeNotSupportedException",
         "Content-Type 'text/plain' is not supported.");
  expect(payload_too_large(), 413,
         "org.springframework.web.multipart.MaxUploadSizeExceededException",
         "Maximum upload size exceeded");
  expect(missing_header("Content-Type"), 400,
         "org.springframework.web.bind.MissingRequestHeaderException",
         "Required header 'Content-Type' is not present.");
  expect(missing_parameter("sbd"), 400,
         "org.springframework.web.bind.MissingServletRequestParameterException",
         "Required parameter 'sbd' is not present.");
  expect(bad_path_value("id", "abc", "java.lang.Long"), 400,
         "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException",
         "Method parameter 'id': Failed to convert value of type 'java.lang.String' to required "
         "type 'java.lang.Long'; For input string: \"abc\"");
  expect(bad_content_disposition("Invalid content disposition format"), 400,
         "java.lang.IllegalArgumentException", "Invalid content disposition format");
  expect(sbd_missing_process(), 400, "java.lang.IllegalStateException", "SBD missing process");
  expect(bad_sort_property("x"), 400, "org.springframework.data.mapping.PropertyReferenceException",
         "No property 'x' found");
  EXPECT_EQ(try_later(503, "busy").status, 503u);
}

TEST(problem, names_the_field_of_a_query_value_that_does_not_fit) {
  const auto p =
      bad_query_value("conversationQueryInput", "finished", "maybe", "java.lang.Boolean");
  EXPECT_EQ(p.message, "Validation failed for object='conversationQueryInput'. Error count: 1");
  const auto& element = p.errors.at(0);
  EXPECT_EQ(element.at("codes"), json::parse(R"(["typeMismatch.conversationQueryInput.finished",
              "typeMismatch.finished", "typeMismatch.java.lang.Boolean", "typeMismatch"])"));
  EXPECT_EQ(element.at("bindingFailure"), true);
  EXPECT_EQ(element.at("rejectedValue"), "maybe");
}

TEST(sbd_unreadable, answers_400_with_the_class_of_the_defect) {
  using sbd::sbd_errc;
  const auto structure = permanent(sbd_errc::bad_structure, "Expected token A, but found B");
  expect(sbd_unreadable(structure, false), 400, "java.lang.IllegalArgumentException",
         "Expected token A, but found B");
  const auto syntax = permanent(sbd_errc::malformed_json, "syntax error near byte 3");
  expect(sbd_unreadable(syntax, false), 400,
         "org.springframework.http.converter.HttpMessageNotReadableException",
         "JSON parse error: syntax error near byte 3");
  expect(sbd_unreadable(permanent(sbd_errc::missing_type, "Missing type!"), false), 400,
         "org.springframework.http.converter.HttpMessageNotReadableException",
         "I/O error while reading input message");
  const auto identifier = permanent(sbd_errc::invalid_identifier, "Unknown authority = x");
  for (const bool multipart : {false, true})
    expect(sbd_unreadable(identifier, multipart), 400, "java.lang.IllegalArgumentException",
           "Unknown authority = x");
  for (const auto& each : {structure, syntax}) {
    const auto p = sbd_unreadable(each, true);
    EXPECT_EQ(p.status, 400u);
    EXPECT_EQ(p.exception,
              "org.springframework.web.method.annotation.MethodArgumentTypeMismatchException");
    EXPECT_TRUE(p.message.ends_with(each.message));
  }
}

TEST(sbd_invalid, gives_codes_from_most_to_least_specific) {
  const auto p = sbd_invalid({past_deadline()}, false);
  expect(p, 400, "org.springframework.web.bind.MethodArgumentNotValidException",
         "Validation failed for object='standardBusinessDocument'. Error count: 1");
  EXPECT_EQ(json::value(p.errors.at(0)), json::parse(R"({
    "codes": [
      "Future.standardBusinessDocument.standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime",
      "Future.standardBusinessDocument.standardBusinessDocumentHeader.businessScope.scope[].scopeInformation.expectedResponseDateTime",
      "Future.standardBusinessDocument.standardBusinessDocumentHeader.businessScope.scope.scopeInformation.expectedResponseDateTime",
      "Future.standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime",
      "Future.standardBusinessDocumentHeader.businessScope.scope[].scopeInformation.expectedResponseDateTime",
      "Future.standardBusinessDocumentHeader.businessScope.scope.scopeInformation.expectedResponseDateTime",
      "Future.expectedResponseDateTime",
      "Future.java.time.OffsetDateTime",
      "Future" ],
    "arguments": [ {
      "codes": [ "standardBusinessDocument.standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime",
                 "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime" ],
      "defaultMessage": "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime",
      "code": "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime" } ],
    "defaultMessage": "must be a future date",
    "objectName": "standardBusinessDocument",
    "field": "standardBusinessDocumentHeader.businessScope.scope[].scopeInformation[].expectedResponseDateTime",
    "rejectedValue": "2019-04-25T11:38:23+02:00",
    "bindingFailure": false,
    "code": "Future" })"));
}

TEST(sbd_invalid, gives_the_attributes_of_the_constraint_as_arguments) {
  const auto p = sbd_invalid({past_deadline(), two_senders()}, false);
  EXPECT_EQ(p.message, "Validation failed for object='standardBusinessDocument'. Error count: 2");
  const auto& arguments = p.errors.at(1).at("arguments").as_array();
  ASSERT_EQ(arguments.size(), 3u);
  EXPECT_EQ(arguments[1], 1);
  EXPECT_EQ(arguments[2], 0);
  EXPECT_FALSE(p.errors.at(1).contains("rejectedValue"));
}

TEST(sbd_invalid, has_the_short_shape_in_multipart_requests) {
  const auto p = sbd_invalid({two_senders(), past_deadline()}, true);
  expect(p, 400, "jakarta.validation.ConstraintViolationException",
         "createAndSendMessage.sbd.standardBusinessDocumentHeader.sender: size must be between 0 "
         "and 1, createAndSendMessage.sbd.standardBusinessDocumentHeader.businessScope.scope[]."
         "scopeInformation[].expectedResponseDateTime: must be a future date");
  EXPECT_EQ(json::value(p.errors.at(0)), json::parse(R"({
    "codes": ["Size"], "defaultMessage": "size must be between 0 and 1",
    "objectName": "createAndSendMessage.sbd.standardBusinessDocumentHeader.sender",
    "field": "createAndSendMessage.sbd.standardBusinessDocumentHeader.sender",
    "bindingFailure": false, "code": "Size"})"));
}
