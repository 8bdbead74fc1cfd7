#include "config/files.hpp"
#include "config/text.hpp"
#include "config/yaml_node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

// From events to nodes. The event interface is used because the node interface of yaml-cpp accepts
// duplicate keys (the first wins) and expands aliases before anyone can refuse them.

namespace kp {

namespace {

using node = yaml_value::node;

constexpr std::size_t deepest = 32;
// More than this many problems of form help nobody; reading stops.
constexpr std::size_t most_form_problems = 50;

struct give_up {};  // thrown through yaml-cpp to end the parse; the problem has been reported

class builder final : public YAML::EventHandler {
 public:
  builder(std::shared_ptr<const std::string> file, std::vector<problem>& problems)
      : file_(std::move(file)), problems_(problems), before_(problems.size()) {}

  std::shared_ptr<node> root() const { return root_; }
  // Where the last scalar that is not plain begins.
  const std::optional<YAML::Mark>& last_quote() const { return last_quote_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != 0) no_anchors(mark);
    put(make(mark, node::kind::nothing));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report(mark, "an alias (*name) is not used in this file", "Write the value out.");
    put(make(mark, node::kind::nothing));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    plain(mark, tag, anchor);
    auto made = make(mark, node::kind::scalar);
    made->text = value;
    if (tag == "!") last_quote_ = mark;
    // "?" is a plain scalar, "!" a quoted one.
    if (tag != "!" &&
        (value.empty() || value == "~" || value == "null" || value == "Null" || value == "NULL"))
      made->is = node::kind::nothing, made->text.clear();
    put(std::move(made));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, node::kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, node::kind::map);
  }
  void OnMapEnd() override { close(); }

  void report(const YAML::Mark& mark, std::string rule, std::string remedy) {
    const auto missing = mark.is_null();
    problems_.push_back({{*file_, missing ? 0 : mark.line + 1, missing ? 0 : mark.column + 1},
                         std::move(rule),
                         std::move(remedy)});
    if (problems_.size() - before_ >= most_form_problems) throw give_up{};
  }

 private:
  struct level {
    std::shared_ptr<node> of;
    bool key_is_next = true;  // maps only
    bool key_is_good = false;
  };

  std::shared_ptr<node> make(const YAML::Mark& mark, node::kind kind) const {
    auto made = std::make_shared<node>();
    made->is = kind;
    made->file = file_;
    made->line = mark.line + 1;
    made->column = mark.column + 1;
    return made;
  }

  void no_anchors(const YAML::Mark& mark) {
    report(mark, "an anchor (&name) is not used in this file", "Remove it and write values out.");
  }

  void plain(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) no_anchors(mark);
    if (!tag.empty() && tag != "?" && tag != "!")
      report(mark, fmt::format("a type tag {} is not used in this file", in_quotes(tag)),
             "Remove it.");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            node::kind kind) {
    plain(mark, tag, anchor);
    if (open_.size() >= deepest) {
      report(mark, fmt::format("values are nested more than {} levels deep", deepest),
             "No setting is that deep; check brackets and indentation.");
      throw give_up{};
    }
    auto made = make(mark, kind);
    put(made);
    open_.push_back({std::move(made)});
  }

  void close() { open_.pop_back(); }

  void put(std::shared_ptr<node> value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& top = open_.back();
    if (top.of->is == node::kind::list) {
      top.of->items.push_back(std::move(value));
      return;
    }
    if (!top.key_is_next) {
      if (top.key_is_good) top.of->entries.back().value = std::move(value);
      top.key_is_next = true;
      return;
    }
    top.key_is_next = false;
    top.key_is_good = accept_key(*top.of, *value);
  }

  bool accept_key(node& map, const node& key) {
    YAML::Mark mark;
    mark.line = key.line - 1;
    mark.column = key.column - 1;
    if (key.is != node::kind::scalar) {
      report(mark, "a key must be a single word", "Write it as `key: value`.");
      return false;
    }
    const auto name = trim(key.text);
    const auto twice = std::ranges::find(map.entries, name, &node::entry::key);
    if (twice != map.entries.end()) {
      report(mark,
             fmt::format("the key {} stands twice, first in line {}", in_quotes(name), twice->line),
             "Keep one of the two.");
      return false;
    }
    map.entries.push_back({std::string(name), key.line, key.column, nullptr});
    return true;
  }

  std::shared_ptr<const std::string> file_;
  std::vector<problem>& problems_;
  std::size_t before_;
  std::shared_ptr<node> root_;
  std::vector<level> open_;
  std::optional<YAML::Mark> last_quote_;
};

// Line of the first byte that no YAML text has (YAML 1.2.2 section 5.1), or 0.
int line_of_control_character(std::string_view text) {
  int line = 1;
  for (const char c : text) {
    if (c == '\n') ++line;
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F) return line;
  }
  return 0;
}

// yaml-cpp takes the end of the file for the end of a quoted scalar. Whether the one that begins at
// `mark` is closed.
bool quote_is_closed(std::string_view text, const YAML::Mark& mark) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int line = 0; line < mark.line; ++line) text.remove_prefix(text.find('\n') + 1);
  // Columns count bytes.
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(mark.column)));
  const char quote = text.empty() ? '\0' : text[0];
  if (quote != '"' && quote != '\'') return true;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || !text.substr(at + 1).starts_with('\'')) return true;
      ++at;
    }
  }
  return false;
}

}  // namespace

std::optional<yaml_map> parse_yaml(std::string_view text, const std::string& path,
                                   std::vector<problem>& problems) {
  const auto refuse = [&](int line, std::string rule, std::string remedy) {
    problems.push_back({{path, line, 0}, std::move(rule), std::move(remedy)});
    return std::nullopt;
  };
  if (text.size() > largest_yaml_file)
    return refuse(0, fmt::format("the file is larger than {} bytes", largest_yaml_file),
                  "Settings are small; check that this is the right file.");
  if (!is_utf8(text))
    return refuse(0, "the file is not UTF-8 text", "Save it with the encoding UTF-8.");
  if (const auto line = line_of_control_character(text))
    return refuse(line, "the line has a control character", "Remove it; write the line anew.");

  builder events(std::make_shared<const std::string>(path), problems);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (parser.HandleNextDocument(events)) {
      if (const auto& quote = events.last_quote(); quote && !quote_is_closed(text, *quote))
        events.report(*quote, "the quote that opens here is never closed", "Close it.");
      builder rest(std::make_shared<const std::string>(path), problems);
      if (parser.HandleNextDocument(rest))
        return refuse(rest.root() ? rest.root()->line : 0, "the file holds a second YAML document",
                      "Remove everything from the line `---` before it, or give it its own file.");
    }
  } catch (const give_up&) {
    return std::nullopt;
  } catch (const YAML::Exception& e) {
    const bool known = !e.mark.is_null();
    problems.push_back({{path, known ? e.mark.line + 1 : 0, known ? e.mark.column + 1 : 0},
                        fmt::format("this is not YAML: {}", e.msg),
                        "Check indentation, colons and quotes here and in the line above."});
    return std::nullopt;
  } catch (const std::exception& e) {
    return refuse(0, fmt::format("this is not YAML: {}", e.what()), "Write the file anew.");
  }
  const auto root = events.root();
  if (!root || root->is == node::kind::nothing)
    return refuse(0, "the file is empty", "Fill it in, or remove it.");
  if (root->is != node::kind::map)
    return refuse(root->line, "the file does not consist of keys with values",
                  "Write `key: value` lines.");
  return yaml_map(root, problems);
}

std::optional<yaml_map> read_yaml(const std::string& path, std::vector<problem>& problems) {
  const auto text = read_file(path, largest_yaml_file);
  if (!text) {
    problems.push_back({{path, 0, 0}, text.error().message, "Check path and permissions."});
    return std::nullopt;
  }
  return parse_yaml(*text, path, problems);
}

}  // namespace kp
