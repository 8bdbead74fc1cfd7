#include "config/setting_kinds.hpp"

#include "config/files.hpp"
#include "config/text.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <charconv>

namespace kp {

namespace {

// Nothing that is addressed or stored is longer.
constexpr std::size_t longest_path = 4096;

template <class T>
std::optional<T> whole_number(std::string_view text) {
  T number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_variable_name(std::string_view text) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && std::ranges::all_of(text, word) && !(text[0] >= '0' && text[0] <= '9');
}

// "host" of "http://host:port/path"; empty when there is none. Brackets of IPv6 stay.
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

// Why `url` is none that the hub can call; empty: it is one. Never repeats the URL, which may hold
// a password.
std::string url_fault(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return "does not begin with https:// or http://";
  const auto allowed = [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; };
  if (!std::ranges::all_of(url, allowed)) return "has spaces or characters that URLs do not have";
  if (url.find_first_of("?#") != std::string_view::npos) return "has a query (?) or fragment (#)";
  auto authority = url.substr(url.find("://") + 3);
  authority = authority.substr(0, authority.find('/'));
  if (authority.find('@') != std::string_view::npos) return "holds a user name or password";
  const auto host = host_of(url);
  if (host.empty()) return "has no host";
  const auto rest = authority.substr(host.size());
  if (rest.empty()) return "";
  const auto port = whole_number<std::uint16_t>(rest.substr(1));
  if (rest[0] != ':' || !port || *port == 0) return "has a port that is no number from 1 to 65535";
  return "";
}

}  // namespace

void value_reader::refuse(const yaml_value& value, std::string rule, std::string remedy) {
  problems.push_back({value.where(), std::move(rule), std::move(remedy)});
}

std::optional<std::string> value_reader::scalar(const yaml_value& value) {
  if (!value.is_scalar()) {
    refuse(value, what + " must be a single value", "Write it behind the colon, on one line.");
    return std::nullopt;
  }
  auto text = value.text();
  if (text.empty()) {
    refuse(value, what + " has no value", "Give it one, or remove the line.");
    return std::nullopt;
  }
  return text;
}

std::string text_kind::range() const {
  return "";
}

std::optional<std::string> text_kind::read(const yaml_value& value, value_reader& reader) const {
  auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  if (text->size() > longest) {
    reader.refuse(value, fmt::format("{} is longer than {} bytes", reader.what, longest),
                  "Shorten it.");
    return std::nullopt;
  }
  if (std::ranges::any_of(*text, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    reader.refuse(value, reader.what + " has line breaks or tabs", "Write it on one line.");
    return std::nullopt;
  }
  return text;
}

std::string integer_kind::range() const {
  return fmt::format("{} to {}", lowest, highest);
}

std::optional<std::int64_t> integer_kind::read(const yaml_value& value,
                                               value_reader& reader) const {
  const auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  const auto number = whole_number<std::int64_t>(*text);
  if (number && *number >= lowest && *number <= highest) return number;
  reader.refuse(value, fmt::format("{} cannot be {}", reader.what, in_quotes(*text)),
                fmt::format("Write a whole number from {}.", range()));
  return std::nullopt;
}

std::optional<bool> switch_kind::read(const yaml_value& value, value_reader& reader) const {
  const auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  if (*text == "true") return true;
  if (*text == "false") return false;
  reader.refuse(value, fmt::format("{} cannot be {}", reader.what, in_quotes(*text)),
                "Write true or false.");
  return std::nullopt;
}

std::string size_kind::range() const {
  return fmt::format("{} to {}", show(lowest), show(highest));
}

std::string size_kind::show(std::uint64_t bytes) const {
  for (const auto& [unit, shift] : {std::pair{"GB", 30}, {"MB", 20}, {"KB", 10}})
    if (bytes != 0 && bytes % (1ull << shift) == 0)
      return fmt::format("{}{}", bytes >> shift, unit);
  return std::to_string(bytes);
}

std::optional<std::uint64_t> size_kind::read(const yaml_value& value, value_reader& reader) const {
  const auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  std::string_view digits = *text;
  int shift = 0;
  for (const auto& [unit, bits] : {std::pair{"KB", 10},
                                   {"MB", 20},
                                   {"GB", 30},
                                   {"KiB", 10},
                                   {"MiB", 20},
                                   {"GiB", 30},
                                   {"B", 0}})
    if (digits.size() > std::string_view(unit).size() &&
        equals_ignoring_case(digits.substr(digits.size() - std::string_view(unit).size()), unit)) {
      digits = trim(digits.substr(0, digits.size() - std::string_view(unit).size()));
      shift = bits;
      break;
    }
  const auto number = whole_number<std::uint64_t>(digits);
  if (number && *number <= (highest >> shift) && (*number << shift) >= lowest)
    return *number << shift;
  reader.refuse(value, fmt::format("{} cannot be {}", reader.what, in_quotes(*text)),
                fmt::format("Write a whole number with KB, MB or GB, from {}.", range()));
  return std::nullopt;
}

std::optional<std::string> url_kind::read(const yaml_value& value, value_reader& reader) const {
  auto url = reader.scalar(value);
  if (!url) return std::nullopt;
  auto fault = url_fault(*url);
  if (host_only && fault.empty()) {
    if (url->ends_with('/')) url->pop_back();
    if (!url->starts_with("http://") || url->find('/', 7) != std::string::npos)
      fault = "is not of the form http://host:port";
  }
  if (!fault.empty()) {
    reader.refuse(
        value, fmt::format("{} {}", reader.what, fault),
        host_only ? "Write it as http://proxy.example.no:3128." : "Write it as https://host/path.");
    return std::nullopt;
  }
  while (base && url->ends_with('/')) url->pop_back();
  return url;
}

bool is_https_or_loopback(std::string_view url) {
  if (url.starts_with("https://")) return true;
  auto host = host_of(url);
  if (host == "localhost") return true;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(std::string(host), failed);
  return !failed && address.is_loopback();
}

std::optional<std::string> ip_address_kind::read(const yaml_value& value,
                                                 value_reader& reader) const {
  auto text = reader.scalar(value);
  if (!text) return std::nullopt;
  boost::system::error_code failed;
  boost::asio::ip::make_address(*text, failed);
  if (!failed) return text;
  reader.refuse(value, fmt::format("{} {} is no IP address", reader.what, in_quotes(*text)),
                "Write 127.0.0.1 for this machine only, or 0.0.0.0 or :: for every network.");
  return std::nullopt;
}

std::optional<std::string> path_kind::read(const yaml_value& value, value_reader& reader) const {
  const auto text = text_kind{longest_path}.read(value, reader);
  if (!text) return std::nullopt;
  auto path = absolute_path(reader.folder, *text);
  if (must_be_readable_file) {
    // Certificates are small; a bundle of all of the system's roots is some 250 kB.
    if (const auto content = read_file(path, 16 * 1024 * 1024); !content) {
      reader.refuse(value, fmt::format("{}: {}", reader.what, content.error().message),
                    "Check path and permissions.");
      return std::nullopt;
    }
  }
  return path;
}

std::optional<secret> secret_kind::read(const yaml_value& value, value_reader& reader) const {
  if (!value.is_map()) {
    reader.refuse(value, reader.what + " must say where its value is kept",
                  "Write `env: NAME` or `file: PATH` on the line below it, indented.");
    return std::nullopt;
  }
  const auto before = reader.problems.size();
  const auto what = reader.what;
  auto map = value.as_map(reader.problems, what);
  const auto variable = map.find("env");
  const auto file = map.find("file");
  const auto clear = map.find("clear");
  const auto allow = map.find("allow_clear");
  map.report_unknown_keys(what);
  if (variable.has_value() + file.has_value() + clear.has_value() != 1) {
    reader.refuse(value, what + " must have exactly one of env, file and clear",
                  "Keep one of them.");
    return std::nullopt;
  }
  secret made;
  reader.what = what + (variable ? ".env" : file ? ".file" : ".clear");
  if (variable) {
    const auto name = reader.scalar(*variable);
    if (name && !is_variable_name(*name))
      reader.refuse(*variable, reader.what + " is no name of an environment variable",
                    "Use letters, digits and _; write the name, not the value.");
    else if (name)
      made = secret(secret::origin::variable, *name);
  } else if (file) {
    if (const auto path = path_kind{}.read(*file, reader))
      made = secret(secret::origin::file, *path);
  } else {
    const auto text = reader.scalar(*clear);
    reader.what = what + ".allow_clear";
    const bool allowed = allow && switch_kind{}.read(*allow, reader).value_or(false);
    if (text && !allowed)
      reader.refuse(*clear, what + " stands in the clear in this file",
                    "Use `env: NAME` or `file: PATH`; if it may be read by everybody who reads "
                    "this file, add `allow_clear: true`.");
    else if (text)
      made = secret(secret::origin::clear, *text);
  }
  reader.what = what;
  if (allow && !clear)
    reader.refuse(*allow, what + ".allow_clear is set, but there is no clear", "Remove it.");
  if (reader.problems.size() > before) return std::nullopt;
  auto content = made.read(reader.variables);
  if (!content) {
    reader.refuse(value, fmt::format("{}: {}", what, content.error().message),
                  "Set it for the user that runs the hub, or correct the name.");
    return std::nullopt;
  }
  const auto fault = check ? check(*content) : std::string();
  wipe(*content);
  if (!fault.empty()) {
    reader.refuse(value, fmt::format("{} ({}) {}", what, made.describe(), fault), "Correct it.");
    return std::nullopt;
  }
  return made;
}

}  // namespace kp
