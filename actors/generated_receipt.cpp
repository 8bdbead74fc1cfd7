#include "actors/generated_receipt.hpp"

#include "protocol/sbd/document.hpp"

#include <boost/json.hpp>

namespace kp::actors {

namespace {

namespace json = boost::json;

constexpr std::string_view response_process = "urn:no:difi:profile:arkivmelding:response:ver1.0";
constexpr std::string_view standard = "urn:no:difi:arkivmelding:xsd::arkivmelding_kvittering";
constexpr std::string_view type = "arkivmelding_kvittering";
constexpr std::string_view authority = "iso6523-actorid-upis";
constexpr std::chrono::hours life{24};

json::array partner(const std::string& value) {
  return {{{"identifier", {{"value", value}, {"authority", authority}}}}};
}

}  // namespace

result<generated_arrival> make_arkivmelding_receipt(const organisation_context& in,
                                                    const storage::conversation& about,
                                                    storage::status_name comes_with) {
  const auto now = in.hub->time.now();
  const json::object scope{
      {"type", "ConversationId"},
      {"instanceIdentifier", about.conversation_ref.to_string()},
      {"identifier", response_process},
      {"scopeInformation",
       json::array{{{"expectedResponseDateTime", format_timestamp(now + life)}}}}};
  const json::object document{
      {"standardBusinessDocumentHeader",
       {{"headerVersion", "1.0"},
        {"sender", partner(about.receiver.value_or(""))},
        {"receiver", partner(about.sender)},
        {"documentIdentification",
         {{"standard", standard},
          {"typeVersion", "1.0"},
          {"instanceIdentifier", in.hub->random.uuid()},
          {"type", type},
          {"creationDateAndTime", format_timestamp(now)}}},
        {"businessScope", {{"scope", json::array{scope}}}}}},
      {type, {{"receiptType", "OK"}, {"relatedToMessageId", about.message.to_string()}}}};
  KP_TRY(auto parsed, sbd::parse(json::serialize(document), now));
  auto text = sbd::to_text(parsed);
  return generated_arrival{comes_with, std::make_shared<const sbd::document>(std::move(parsed)),
                           std::move(text)};
}

}  // namespace kp::actors
