#include "protocol/http/url.hpp"

#include "config/log.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <fmt/format.h>

namespace kp::http {

result<url_parts> parse_url(std::string_view url) {
  const auto bad = [url](std::string_view why) {
    return permanent(http_errc::bad_url,
                     mask_person_numbers(fmt::format("\"{}\" {}", url.substr(0, 200), why)));
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

std::string encode_component(std::string_view text, std::string_view also_kept) {
  std::string encoded;
  for (const char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("-._~").find(c) != std::string_view::npos ||
                      also_kept.find(c) != std::string_view::npos;
    if (kept)
      encoded.push_back(c);
    else
      fmt::format_to(std::back_inserter(encoded), "%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

}  // namespace kp::http
