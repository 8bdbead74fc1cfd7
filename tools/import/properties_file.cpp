#include "tools/import/property.hpp"

#include "config/text.hpp"
#include "config/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace kp::importer {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

bool is_plain_ascii(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto push = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    push(point);
  } else if (point < 0x800) {
    push(0xC0 | point >> 6);
    push(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    push(0xE0 | point >> 12);
    push(0x80 | (point >> 6 & 0x3F));
    push(0x80 | (point & 0x3F));
  } else {
    push(0xF0 | point >> 18);
    push(0x80 | (point >> 12 & 0x3F));
    push(0x80 | (point >> 6 & 0x3F));
    push(0x80 | (point & 0x3F));
  }
}

// A line as java.util.Properties counts them: continued ones are one.
struct logical_line {
  std::string text;  // bytes of the file, escapes as written
  int number = 0;
};

class line_reader {
 public:
  explicit line_reader(std::string_view bytes) : rest_(bytes) {}

  // The next natural line without its end; false at the end of the file.
  bool natural(std::string_view& line) {
    if (rest_.empty()) return false;
    ++number_;
    const auto end = rest_.find_first_of("\r\n");
    line = rest_.substr(0, end);
    if (end == std::string_view::npos)
      rest_ = {};
    else
      rest_.remove_prefix(end + (rest_.substr(end, 2) == "\r\n" ? 2 : 1));
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

bool is_continued(std::string_view line) {
  std::size_t backslashes = 0;
  while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

// Where an unescaped separator ends the name.
std::size_t end_of_name(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '=' || line[i] == ':' || is_space(line[i]))
      return i;
  }
  return line.size();
}

std::string_view value_of(std::string_view line, std::size_t name_end) {
  auto value = without_leading_space(line.substr(name_end));
  if (!value.empty() && (value.front() == '=' || value.front() == ':'))
    value = without_leading_space(value.substr(1));
  return value;
}

// Undoes escapes, and makes UTF-8 of the bytes.
class unescaper {
 public:
  explicit unescaper(bool latin1) : latin1_(latin1) {}

  // nullopt for a \u without four hexadecimal digits, which Java refuses too.
  std::optional<std::string> operator()(std::string_view text) const {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        plain(out, text[i]);
        continue;
      }
      if (++i == text.size()) break;
      if (text[i] == 'u') {
        const auto point = unit(text, i + 1);
        if (!point) return std::nullopt;
        i += 4;
        std::uint32_t whole = *point;
        if (whole >= 0xD800 && whole < 0xDC00 && text.substr(i + 1, 2) == "\\u") {
          if (const auto low = unit(text, i + 3); low && *low >= 0xDC00 && *low < 0xE000) {
            whole = 0x10000 + ((whole - 0xD800) << 10) + (*low - 0xDC00);
            i += 6;
          }
        }
        const bool half = whole >= 0xD800 && whole < 0xE000;
        append_utf8(out, half ? 0xFFFD : whole);
        continue;
      }
      switch (text[i]) {
        case 't':
          out += '\t';
          break;
        case 'n':
          out += '\n';
          break;
        case 'r':
          out += '\r';
          break;
        case 'f':
          out += '\f';
          break;
        default:
          plain(out, text[i]);
      }
    }
    return out;
  }

 private:
  void plain(std::string& out, char c) const {
    if (latin1_)
      append_utf8(out, static_cast<unsigned char>(c));
    else
      out += c;
  }

  static std::optional<std::uint32_t> unit(std::string_view text, std::size_t at) {
    if (at + 4 > text.size()) return std::nullopt;
    std::uint32_t number = 0;
    const auto digits = text.substr(at, 4);
    const auto [end, failed] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return number;
  }

  bool latin1_;
};

}  // namespace

std::vector<property> parse_properties(std::string_view bytes, const std::string& path,
                                       text_encoding encoding, std::vector<problem>& problems) {
  std::vector<property> all;
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const bool may_be_utf8 = is_utf8(bytes);
  if (encoding == text_encoding::utf8 && !may_be_utf8) {
    problems.push_back({{path, 0, 0}, "the file is not UTF-8", "Leave out --encoding utf-8."});
    return all;
  }
  const bool ambiguous = encoding == text_encoding::automatic && may_be_utf8;
  const unescaper unescape(encoding != text_encoding::utf8);
  line_reader lines(bytes);
  int document = 0;
  for (std::string_view natural; lines.natural(natural);) {
    const auto start = without_leading_space(natural);
    if (natural == "#---" || natural == "!---") ++document;
    if (start.empty() || start.front() == '#' || start.front() == '!') continue;
    logical_line line{std::string(start), lines.number()};
    while (is_continued(line.text)) {
      line.text.pop_back();
      if (!lines.natural(natural)) break;
      line.text += without_leading_space(natural);
    }
    const source_position where{path, line.number, 1};
    const auto name_end = end_of_name(line.text);
    const auto raw_name = std::string_view(line.text).substr(0, name_end);
    const auto raw_value = value_of(line.text, name_end);
    auto name = unescape(raw_name);
    auto value = unescape(raw_value);
    if (!name || !value) {
      problems.push_back({where, "\\u is not followed by four hexadecimal digits",
                          "Write \\\\ for a backslash, or complete the escape."});
      continue;
    }
    if (ambiguous && !is_plain_ascii(line.text))
      problems.push_back(
          {where,
           fmt::format(
               "{} has letters that Java reads as ISO-8859-1, but the file is UTF-8; it was "
               "read as Java does",
               in_quotes(*name)),
           "Say --encoding iso-8859-1 if the installation works as it is, or --encoding utf-8."});
    if (all.size() == most_properties) {
      problems.push_back({where, fmt::format("more than {} properties", most_properties),
                          "Give the file of one installation."});
      return all;
    }
    all.push_back({*std::move(name), *std::move(value), where, document});
  }
  return all;
}

}  // namespace kp::importer
