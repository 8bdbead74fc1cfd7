#include "protocol/http/url.hpp"

#include "protocol/http/http_error.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <fmt/format.h>

namespace kp::http {

result<url_parts> parse_url(std::string_view url) {
  const auto bad = [url](std::string_view why) {
    return permanent(http_errc::bad_url, fmt::format("\"{}\" {}", url.substr(0, 200), why));
  };
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(url.data(), url.size()));
  if (!parsed) return bad("is no URL");
  const auto& uri = *parsed;
  url_parts parts;
  if (uri.scheme_id() == boost::urls::scheme::https)
    parts.tls = true;
  else if (uri.scheme_id() != boost::urls::scheme::http)
    return bad("is neither http nor https");
  if (uri.has_userinfo())
    return permanent(http_errc::bad_url, "a URL with a user name or password in it is not used");
  parts.host = std::string(uri.host_address());
  if (parts.host.empty()) return bad("has no host");
  for (const char c : parts.host)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return bad("has no acceptable host");
  const std::string_view own_port = parts.tls ? "443" : "80";
  parts.port = std::string(own_port);
  if (uri.has_port() && !uri.port().empty()) {
    if (uri.port_number() == 0) return bad("has no acceptable port");
    parts.port = std::to_string(uri.port_number());
  }
  parts.authority = std::string(uri.encoded_host());
  if (parts.port != own_port) parts.authority += ":" + parts.port;
  parts.target = std::string(uri.encoded_path());
  if (parts.target.empty()) parts.target = "/";
  if (uri.has_query()) parts.target += "?" + std::string(uri.encoded_query());
  return parts;
}

}  // namespace kp::http
