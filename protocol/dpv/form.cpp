#include "protocol/dpv/form.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace kp::dpv {

namespace {

// Altinn notifies when it publishes and reads no such time any more; today's installations send it.
constexpr std::chrono::minutes notified_after{5};

std::string_view name_of(channel by) {
  switch (by) {
    case channel::email:
      return "Email";
    case channel::sms:
      return "Sms";
    case channel::email_and_sms:
      break;
  }
  return "EmailAndSms";
}

std::string timestamp(time_point at, std::chrono::minutes offset) {
  const auto local = std::chrono::floor<std::chrono::seconds>(at) + offset;
  return fmt::format("{:%FT%T}+{:02}:{:02}", local, offset.count() / 60, offset.count() % 60);
}

}  // namespace

std::string recipient_urn(std::string_view number) {
  constexpr std::size_t person = 11;
  return fmt::format("urn:altinn:{}:identifier-no:{}",
                     number.size() == person ? "person" : "organization", number);
}

std::vector<std::pair<std::string, std::string>> form_fields(const letter& l) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto offset = oslo_offset(l.now);
  const auto add = [&](std::string name, std::string value) {
    all.emplace_back("correspondence." + std::move(name), std::move(value));
  };
  const auto flag = [&](std::string name, bool value) {
    add(std::move(name), value ? "true" : "false");
  };
  add("resourceId", l.resource);
  add("sender", l.sender);
  add("sendersReference", l.message);
  add("messageSender", l.sender_name);
  add("content.language", "nb");
  add("content.messageTitle", l.title);
  if (!l.summary.empty()) add("content.messageSummary", l.summary);
  add("content.messageBody", l.body);
  for (std::size_t i = 0; i < l.attachments.size(); ++i) {
    const auto at = fmt::format("content.attachments[{}].", i);
    add(at + "fileName", l.attachments[i].filename);
    add(at + "displayName", l.attachments[i].title);
    flag(at + "isEncrypted", false);
    add(at + "sendersReference", "AttachmentReference_as123452");
  }
  add("requestedPublishTime", timestamp(l.now, offset));
  if (l.due) add("dueDateTime", timestamp(*l.due, offset));
  flag("isConfirmationNeeded", false);
  flag("isConfidential", l.confidential);
  flag("ignoreReservation", l.ignore_reservation);
  add("propertyList.senderOrgNumber", l.sender_number);

  const std::string by(name_of(l.notify.by));
  add("notification.notificationTemplate", "CustomMessage");
  add("notification.notificationChannel", by);
  add("notification.requestedSendTime", timestamp(l.now + notified_after, offset));
  add("notification.emailSubject", l.notify.subject);
  add("notification.emailBody", l.notify.text);
  add("notification.emailContentType", "Plain");
  add("notification.smsBody", l.notify.text);
  flag("notification.sendReminder", l.notify.reminder);
  if (l.notify.reminder) {
    add("notification.reminderNotificationChannel", by);
    add("notification.reminderEmailSubject", l.notify.subject);
    add("notification.reminderEmailBody", l.notify.text);
    add("notification.reminderEmailContentType", "Plain");
    add("notification.reminderSmsBody", l.notify.text);
  }
  all.emplace_back("recipients[0]", l.recipient);
  all.emplace_back("idempotentKey", l.message);
  return all;
}

}  // namespace kp::dpv
