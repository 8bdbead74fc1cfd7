#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/broker_http.hpp"

namespace kp::sandbox {

namespace json = boost::json;

namespace {

std::string text_of(const transfer_event& event) {
  if (!event.text.empty()) return event.text;
  switch (event.status) {
    case transfer_status::initialized:
      return "Ready for upload";
    case transfer_status::upload_started:
      return "Upload started";
    case transfer_status::upload_processing:
      return "Processing upload";
    case transfer_status::published:
      return "Ready for download";
    case transfer_status::all_confirmed:
      return "All downloaded";
    case transfer_status::purged:
      return "FileTransfer has been purged";
    case transfer_status::failed:
      return "Upload failed";
  }
  return {};
}

std::string_view text_of(recipient_status status) {
  switch (status) {
    case recipient_status::initialized:
      return "Initialized";
    case recipient_status::download_started:
      return "Recipient has attempted to download fileTransfer";
    case recipient_status::download_confirmed:
      return "Recipient has downloaded fileTransfer";
  }
  return {};
}

template <class Text>
json::value or_null(const std::optional<Text>& text) {
  return text ? json::value(*text) : json::value();
}

}  // namespace

json::object describe(const transfer& t, bool details) {
  const auto& last = t.history.back();
  json::array recipients;
  for (const auto& to : t.recipients)
    recipients.push_back(
        {{"recipient", "0192:" + to.organisation},
         {"currentRecipientFileTransferStatusCode", to_string(to.status)},
         {"currentRecipientFileTransferStatusText", text_of(to.status)},
         {"currentRecipientFileTransferStatusChanged", utc_timestamp(to.changed)}});
  json::object out{{"fileTransferId", t.id},
                   {"resourceId", t.resource},
                   {"fileName", t.file_name},
                   {"sendersFileTransferReference", or_null(t.reference)},
                   {"checksum", t.checksum.empty() ? json::value() : json::value(t.checksum)},
                   {"useVirusScan", t.virus_scan},
                   {"fileTransferSize", t.size},
                   {"fileTransferStatus", to_string(last.status)},
                   {"fileTransferStatusText", text_of(last)},
                   {"fileTransferStatusChanged", utc_timestamp(last.at)},
                   {"created", utc_timestamp(t.created)},
                   {"expirationTime", utc_timestamp(t.expires)},
                   {"sender", "0192:" + t.sender},
                   {"recipients", std::move(recipients)},
                   {"propertyList", t.properties},
                   {"published", t.published ? json::value(utc_timestamp(*t.published)) : nullptr},
                   // Nothing of the real service: readers must ignore what they do not know.
                   {"sandboxUnknownField", {{"nested", json::array{1, "two", nullptr}}}}};
  if (!details) return out;
  json::array history, recipient_history;
  for (const auto& event : t.history)
    history.push_back({{"fileTransferStatus", to_string(event.status)},
                       {"fileTransferStatusText", text_of(event)},
                       {"fileTransferStatusChanged", utc_timestamp(event.at)}});
  for (const auto& to : t.recipients)
    for (const auto& [status, at] : to.history)
      recipient_history.push_back({{"recipient", "0192:" + to.organisation},
                                   {"recipientFileTransferStatusCode", to_string(status)},
                                   {"recipientFileTransferStatusText", text_of(status)},
                                   {"recipientFileTransferStatusChanged", utc_timestamp(at)}});
  out["fileTransferStatusHistory"] = std::move(history);
  out["recipientFileTransferStatusHistory"] = std::move(recipient_history);
  return out;
}

}  // namespace kp::sandbox
