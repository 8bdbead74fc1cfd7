#pragma once

#include "config/error_code.hpp"

namespace kp::dph {

enum class dph_errc {
  invalid_document = 1,  // a main document that is no dialogmelding 1.1, or an SBD that is not ours
  unreadable = 2,        // sealed to somebody else, or no JWE at all (S02)
  bad_signature = 3,     // not signed by whom it has to be (S01)
  bad_answer = 4,        // the adapter's answer has not the form that it should have
  refused_content = 5,   // the adapter says what is wrong with the message itself
  foreign_reference = 6,  // a receipt for a message that this organisation has not received
};

inline const char* to_text(dph_errc e) {
  switch (e) {
    case dph_errc::invalid_document:
      return "invalid document";
    case dph_errc::unreadable:
      return "unreadable";
    case dph_errc::bad_signature:
      return "bad signature";
    case dph_errc::bad_answer:
      return "bad answer";
    case dph_errc::refused_content:
      return "refused content";
    case dph_errc::foreign_reference:
      return "foreign reference";
  }
  return "unknown";
}

}  // namespace kp::dph

KP_ERROR_ENUM(kp::dph, dph_errc, "dph");
