#pragma once

#include "config/clock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kp::dpv {

// By which way Altinn tells the recipient, notificationChannel (dpv.md 4.3).
enum class channel { email, sms, email_and_sms };

struct notification {
  channel by = channel::email_and_sms;
  std::string subject;  // of the e-mail
  std::string text;     // of the e-mail and of the SMS
  bool reminder = true;
};

struct attachment {
  std::string filename;
  std::string title;
};

// What is sent of one message (dpv.md 3.2).
struct letter {
  std::string resource;
  std::string sender;         // as in the Standard Business Document
  std::string message;        // its id: reference and idempotency key
  std::string sender_name;    // shown in the inbox
  std::string sender_number;  // nine digits: whose letter it is
  std::string recipient;      // urn:altinn:…
  std::string title, summary, body;
  std::vector<attachment> attachments;
  time_point now{};               // publish time
  std::optional<time_point> due;  // svarfrist
  bool confidential = false;
  bool ignore_reservation = false;
  notification notify;
};

// urn:altinn:person:identifier-no:… for eleven characters, urn:altinn:organization:… for others.
std::string recipient_urn(std::string_view number);

}  // namespace kp::dpv
