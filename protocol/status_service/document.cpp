#include "protocol/status_service/document.hpp"

#include "config/text.hpp"
#include "protocol/crypto/digest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <vector>

namespace kp::status_service {

namespace {

constexpr std::size_t digits_of_person = 11;
constexpr std::size_t digits_of_organisation = 9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_organisation_number(std::string_view text) {
  return text.size() == digits_of_organisation && std::ranges::all_of(text, is_digit);
}

// 0192:<main> or 0192:<main>:<part>.
struct iso6523 {
  std::string_view main, part;
};
std::optional<iso6523> parse_iso6523(std::string_view text) {
  constexpr std::size_t icd = 4;
  if (text.size() <= icd || text[icd] != ':' || !std::ranges::all_of(text.substr(0, icd), is_digit))
    return std::nullopt;
  text.remove_prefix(icd + 1);
  const auto colon = text.find(':');
  iso6523 found{text.substr(0, colon), {}};
  if (colon != std::string_view::npos) {
    text.remove_prefix(colon + 1);
    found.part = text.substr(0, text.find(':'));
  }
  return found;
}

// "2022-08-10T00:11:27.246", in UTC.
std::string utc(time_point at) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(at);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(whole);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (whole - seconds).count());
}

}  // namespace

std::string hide_person(std::string_view identifier) {
  std::size_t run = 0;
  for (const char c : identifier) {
    run = is_digit(c) ? run + 1 : 0;
    if (run == digits_of_person) return to_hex(crypto::sha256(identifier));
  }
  return std::string(identifier);
}

std::string to_json(const document& told) {
  const auto sender = is_organisation_number(told.sender) ? "0192:" + told.sender : told.sender;
  const auto from = parse_iso6523(sender);
  boost::json::object out;
  out["@timestamp"] = utc(told.at) + "Z";
  out["timestamp"] = utc(told.at);
  out["logger_name"] = "STATUS";
  out["loglevel"] = "INFO";
  out["status"] = told.status;
  out["conversation_id"] = told.conversation.to_string();
  out["message_id"] = told.message.to_string();
  out["orgnr"] = told.organisation.to_string();
  out["process_identifier"] = told.process;
  out["service_identifier"] = to_string(told.via);
  if (!told.document_type.empty()) out["document_identifier"] = told.document_type;
  out["sender"] = sender;
  out["sender_org_number"] = !from ? sender : from->part.empty() ? from->main : from->part;
  if (told.receiver) {
    const auto receiver = hide_person(*told.receiver);
    const auto to = parse_iso6523(receiver);
    out["receiver"] = receiver;
    out["receiver_org_number"] = to ? to->main : receiver;
  }
  return boost::json::serialize(out);
}

}  // namespace kp::status_service
