#include "protocol/api/error_body.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

// The application exceptions of rest-api.md 11.4. Numbers in a template are grouped as Java's
// MessageFormat groups them in English.

namespace kp::api {

namespace {

problem application(unsigned status, std::string_view name, std::string message) {
  problem out;
  out.status = status;
  out.exception = fmt::format("no.difi.meldingsutveksling.exceptions.{}", name);
  out.message = std::move(message);
  return out;
}

// What upstream answers for an exception that has no template.
problem without_template(unsigned status, std::string_view name, std::string_view argument) {
  auto out = application(status, name, "");
  out.message = fmt::format("--{}-- [{}]", *out.exception, argument);
  return out;
}

// Bytes below one megabyte, else whole megabytes; both numbers follow the total (rest-api.md 14.1).
std::string size_text(std::uint64_t size, std::uint64_t total) {
  constexpr std::uint64_t megabyte = 1024 * 1024;
  return total < megabyte ? fmt::format("{}b", size) : fmt::format("{}MB", size / megabyte);
}

}  // namespace

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

problem conversation_not_found(std::uint64_t id) {
  return application(404, "ConversationNotFoundException",
                     fmt::format("Conversation with id = {} was not found", grouped(id)));
}

problem message_not_found(std::string_view message_id) {
  return application(404, "MessageNotFoundException",
                     fmt::format("Message with messageId = {} was not found", message_id));
}

problem identifier_not_found(std::string_view identifier,
                             const std::optional<std::string>& process) {
  return without_template(
      404, "IdentifierNotFoundException",
      fmt::format("Service record not found for parameters: SRParameter(identifier={}, "
                  "process={}, securityLevel=null, print=null, infoOnly=false, "
                  "conversationId=null)",
                  identifier, process.value_or("null")));
}

problem duplicate_filename(std::string_view names) {
  return application(400, "DuplicateFilenameException",
                     fmt::format("Filename already exists in message: {}.", names));
}

problem file_not_found(std::string_view names) {
  return application(404, "FileNotFoundException",
                     fmt::format("File(s) named {} was not found", names));
}

problem invalid_certificate(std::string_view reason) {
  return application(400, "InvalidCertificateException", std::string(reason));
}

problem invalid_content_type(std::string_view content_type) {
  return without_template(400, "InvalidContentTypeException",
                          fmt::format("Invalid content type: {}", content_type));
}

problem max_file_size_exceeded(std::uint64_t total, std::string_view service, std::uint64_t limit) {
  return application(400, "MaxFileSizeExceededException",
                     fmt::format("The combined file size for all attachments ({}) exceeds the "
                                 "maximum allowed upload size for the target service ({}, {})",
                                 size_text(total, total), service, size_text(limit, total)));
}

problem message_already_exists(std::string_view message_id) {
  return application(400, "MessageAlreadyExistsException",
                     fmt::format("Message with messageId = {} already exists", message_id));
}

problem message_channel_invalid(std::string_view valid, std::string_view given) {
  return application(400, "MessageChannelInvalidException",
                     fmt::format("Valid channels: {}, but found {} in SBDH", valid, given));
}

problem message_not_locked(std::string_view message_id) {
  return application(400, "MessageNotLockedException",
                     fmt::format("Message with messageId = {} was not locked", message_id));
}

problem message_type_does_not_fit(std::string_view type, std::string_view standard) {
  return application(
      400, "MessageTypeDoesNotFitDocumentTypeException",
      fmt::format("Message type {} does not match the document type {}", type, standard));
}

problem missing_address(std::string_view what) {
  return without_template(400, "MissingAddressInformationException", what);
}

problem missing_arkivmelding() {
  return application(400, "MissingArkivmeldingException",
                     "DPO message type requires arkivmelding.xml attachment");
}

problem missing_arkivmelding_file(std::string_view names) {
  return application(
      400, "MissingArkivmeldingFileException",
      fmt::format("File(s) defined in arkivmelding, but not found in message: {}", names));
}

problem missing_file() {
  return application(400, "MissingFileException", "There must always be at least one attachment");
}

problem missing_file_title(std::string_view service) {
  return application(400, "MissingFileTitleException",
                     fmt::format("Title is required for the following capabilities: {}", service));
}

problem missing_primary_document() {
  return application(400, "MissingPrimaryDocumentException",
                     "Missing a primary document. Please specify the hoveddokument property in the "
                     "business message and verify that is equal to one of the filenames.");
}

problem letter_type_not_found(std::string_view type, const std::vector<std::string>& valid) {
  return application(
      400, "ForsendelseTypeNotFoundException",
      fmt::format("Found forsendelseType {}, but valid types are {}", type, fmt::join(valid, ",")));
}

problem missing_svarut_credentials(std::string_view organisation) {
  return application(400, "MissingSvarUtCredentialsException",
                     fmt::format("SvarUt credentials not configured for orgnr {}", organisation));
}

problem multipart_file_too_large(std::string_view name, std::uint64_t limit) {
  return application(400, "MultipartFileToLargeException",
                     fmt::format("The attachment named '{}' is too large. The maximum size for "
                                 "multipart requests is {} bytes. Please use the non-multipart "
                                 "API to avoid such problems.",
                                 name, grouped(limit)));
}

problem receiver_does_not_accept_process(std::string_view process, std::string_view description) {
  auto out = application(400, "ReceiverDoesNotAcceptProcessException",
                         fmt::format("Receiver do not accept the document process {}", process));
  out.description = std::string(description);
  return out;
}

problem receiver_refused(std::string_view why) {
  return without_template(400, "ReceiverException", why);
}

problem sender_refused(std::string_view why) {
  return without_template(400, "SenderException", why);
}

problem service_not_enabled(std::string_view service) {
  return application(400, "ServiceNotEnabledException",
                     fmt::format("Service {} is not enabled", service));
}

problem time_to_live(std::string_view timestamp) {
  return application(
      400, "TimeToLiveException",
      fmt::format("ExpectedResponseDateTime {} has been exceeded. Please resend the message",
                  timestamp));
}

problem asic_read(std::string_view message_id) {
  return without_template(500, "AsicReadException", message_id);
}

}  // namespace kp::api
