#pragma once

#include "config/error.hpp"

#include <string>
#include <string_view>

namespace kp::http {

// An http or https URL in the parts a client needs.
struct url_parts {
  bool tls = false;
  std::string host;       // name or address, without brackets
  std::string port;       // digits
  std::string authority;  // for Host: the port only when it is not the scheme's own
  std::string target;     // path and query, percent-encoded, starts with '/'

  std::string origin() const { return (tls ? "https://" : "http://") + host + ":" + port; }
};

// Errors: http_errc::bad_url, also for user information in the URL, which would end up in logs.
result<url_parts> parse_url(std::string_view url);

// Percent-encodes all but letters, digits and "-._~" (RFC 3986 2.3) and `also_kept`.
std::string encode_component(std::string_view text, std::string_view also_kept = "");

}  // namespace kp::http
