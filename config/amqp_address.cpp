#include "config/amqp_address.hpp"

#include <algorithm>
#include <charconv>

namespace kp {

namespace {

constexpr std::string_view plain = "amqp://", secure = "amqps://";

bool is_of_host(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}
bool is_of_address(char c) {
  return is_of_host(c) || c == ':';
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() && value > 0 && value <= 65535;
}

}  // namespace

std::optional<amqp_address> parse_amqp_address(std::string_view url) {
  amqp_address found;
  found.tls = url.starts_with(secure);
  if (!found.tls && !url.starts_with(plain)) return {};
  url.remove_prefix(found.tls ? secure.size() : plain.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  found.port = found.tls ? "5671" : "5672";
  std::string_view rest;
  if (url.starts_with('[')) {
    const auto end = url.find(']');
    if (end == std::string_view::npos) return {};
    found.host = url.substr(1, end - 1);
    rest = url.substr(end + 1);
    if (!std::ranges::all_of(found.host, is_of_address)) return {};
  } else {
    const auto colon = std::min(url.find(':'), url.size());
    found.host = url.substr(0, colon);
    rest = url.substr(colon);
    if (!std::ranges::all_of(found.host, is_of_host)) return {};
  }
  if (found.host.empty()) return {};
  if (rest.empty()) return found;
  if (rest.front() != ':' || !is_port(rest.substr(1))) return {};
  found.port = rest.substr(1);
  return found;
}

std::optional<std::string> amqp_url_kind::read(const yaml_value& value,
                                               value_reader& reader) const {
  const auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  if (parse_amqp_address(*text)) return text;
  reader.refuse(value, reader.what + " is no address for AMQP",
                "Write it as amqps://host:5671; a queue or user does not stand there.");
  return std::nullopt;
}

bool is_amqps_or_loopback(std::string_view url) {
  const auto address = parse_amqp_address(url);
  if (!address) return false;
  const bool v6 = address->host.find(':') != std::string::npos;
  const auto host = v6 ? "[" + address->host + "]" : address->host;
  return address->tls || is_https_or_loopback("http://" + host);
}

std::string amqp_url_beside(std::string_view url) {
  const bool tls = url.starts_with("https://");
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  url = url.substr(0, url.find('/'));
  const auto end = url.starts_with('[') ? url.find(']') : url.find(':');
  const auto host = url.starts_with('[') ? url.substr(0, end + 1) : url.substr(0, end);
  return std::string(tls ? secure : plain) + std::string(host) + (tls ? ":5671" : ":5672");
}

}  // namespace kp
