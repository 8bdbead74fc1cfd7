#pragma once

#include "config/secret.hpp"
#include "config/yaml.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The kinds of values that settings have. A kind says its type and range in words for the reference
// pages, shows a value as one would write it, and reads one or reports why not.

namespace kp {

// What reading a value may use.
struct value_reader {
  const std::string& folder;  // relative paths start here
  const environment& variables;
  std::vector<problem>& problems;
  std::string what;  // the key, for error texts

  void refuse(const yaml_value&, std::string rule, std::string remedy);
  // The text of a scalar that is there; reports anything else.
  std::optional<std::string> scalar(const yaml_value&);
};

// Any single line of text.
struct text_kind {
  std::size_t longest = 200;  // bytes
  std::string type() const { return "text"; }
  std::string range() const;
  std::string show(const std::string& value) const { return value; }
  std::string show(const std::optional<std::string>& value) const { return value.value_or(""); }
  std::optional<std::string> read(const yaml_value&, value_reader&) const;
};

struct integer_kind {
  std::int64_t lowest = 0;
  std::int64_t highest = std::numeric_limits<std::int32_t>::max();
  std::string type() const { return "whole number"; }
  std::string range() const;
  template <class T>
  std::string show(const T& value) const {
    if constexpr (requires { value.count(); })
      return std::to_string(value.count());
    else
      return std::to_string(value);
  }
  std::optional<std::int64_t> read(const yaml_value&, value_reader&) const;
};

struct switch_kind {
  std::string type() const { return "true or false"; }
  std::string range() const { return ""; }
  std::string show(bool value) const { return value ? "true" : "false"; }
  std::optional<bool> read(const yaml_value&, value_reader&) const;
};

// One of a few words, each with its value.
template <class T>
struct word_kind {
  std::vector<std::pair<std::string, T>> words;

  std::string type() const { return "word"; }
  std::string range() const {
    std::string all;
    for (const auto& [word, value] : words) all += (all.empty() ? "" : ", ") + word;
    return all;
  }
  std::string show(const T& shown) const {
    for (const auto& [word, value] : words)
      if (value == shown) return word;
    return "";
  }
  std::optional<T> read(const yaml_value& value, value_reader& reader) const {
    const auto given = reader.scalar(value);
    if (!given) return std::nullopt;
    std::vector<std::string> known;
    for (const auto& [word, meaning] : words) {
      if (word == *given) return meaning;
      known.push_back(word);
    }
    const auto meant = nearest(*given, known);
    reader.refuse(value, reader.what + " cannot be " + in_quotes(*given),
                  meant ? "Did you mean \"" + *meant + "\"?" : "Write one of " + range() + ".");
    return std::nullopt;
  }
};

// A number of bytes, "500MB"; KB, MB and GB are powers of 1024.
struct size_kind {
  std::uint64_t lowest = 1;
  std::uint64_t highest = 1ull << 40;
  std::string type() const { return "size"; }
  std::string range() const;
  std::string show(std::uint64_t bytes) const;
  std::optional<std::uint64_t> read(const yaml_value&, value_reader&) const;
};

// http:// or https:// with a host; no user, query or fragment.
struct url_kind {
  bool base = false;       // without slash at the end, because paths are added
  bool host_only = false;  // no path
  std::string type() const { return "URL"; }
  std::string range() const { return host_only ? "http://host:port" : "http or https"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value&, value_reader&) const;
};

// Whether `url`, which url_kind has accepted, is https or names this machine itself.
bool is_https_or_loopback(std::string_view url);

// An IPv4 or IPv6 address to listen on.
struct ip_address_kind {
  std::string type() const { return "IP address"; }
  std::string range() const { return ""; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value&, value_reader&) const;
};

// A file or folder; becomes absolute.
struct path_kind {
  bool must_be_readable_file = false;
  std::string type() const { return "path"; }
  std::string range() const { return "relative to the folder of this file, or absolute"; }
  std::string show(const std::string& value) const { return value; }
  std::optional<std::string> read(const yaml_value&, value_reader&) const;
};

// {env: NAME}, {file: PATH}, or {clear: VALUE, allow_clear: true}. It is read once to see that it
// is there.
struct secret_kind {
  // Says what is wrong with a value, without repeating it; empty: nothing.
  std::string (*check)(std::string_view value) = nullptr;
  std::string type() const { return "secret"; }
  std::string range() const {
    return "`env: NAME`, `file: PATH` or `clear: VALUE` with `allow_clear: true`";
  }
  std::string show(const secret&) const { return ""; }
  std::optional<secret> read(const yaml_value&, value_reader&) const;
};

// What a kind has read into the member that holds it.
template <class To, class From>
void assign_setting(To& to, From&& from) {
  if constexpr (requires { to.count(); })
    to = To(static_cast<typename To::rep>(from));
  else if constexpr (std::is_integral_v<To> && !std::is_same_v<To, bool>)
    to = static_cast<To>(from);
  else
    to = std::forward<From>(from);
}

}  // namespace kp
