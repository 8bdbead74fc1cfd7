#pragma once

#include "config/clock.hpp"
#include "config/error.hpp"
#include "config/error_code.hpp"

#include <chrono>
#include <string>
#include <vector>

// Letters of plain text by SMTP (RFC 5321), over libcurl, which is seen nowhere else.

namespace kp::mail {

enum class mail_errc {
  connect = 1,  // no way to the server, or it was cut or too slow
  tls = 2,      // no TLS where it is asked for, or its certificate is refused
  sign_in = 3,  // user or password are not accepted
  refused = 4,  // the server does not take the letter
};

struct server {
  std::string url;                 // smtp://host:port (STARTTLS) or smtps://host:port
  std::string user, password;      // both or none
  bool allow_unencrypted = false;  // where smtp:// offers no STARTTLS
  std::string ca_file;             // PEM; empty: the system's roots
  std::chrono::seconds deadline{30};
};

struct letter {
  std::string from;
  std::vector<std::string> to;
  std::string subject;  // ASCII, one line
  std::string text;     // UTF-8
  time_point at{};
  std::string id;  // of Message-ID, unique
};

// Blocks for at most `deadline`. Whether it is worth a retry is in the error: a server that says
// 5xx is not.
result<void> send(const server& to, const letter& what);

inline const char* to_text(mail_errc e) {
  switch (e) {
    case mail_errc::connect:
      return "connect failed";
    case mail_errc::tls:
      return "TLS refused";
    case mail_errc::sign_in:
      return "sign-in refused";
    case mail_errc::refused:
      return "refused";
  }
  return "unknown";
}

}  // namespace kp::mail

KP_ERROR_ENUM(kp::mail, mail_errc, "mail");
