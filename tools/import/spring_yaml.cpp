#include "tools/import/property.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace kp::importer {

namespace {

// Spring's own files have six or seven.
constexpr int deepest = 32;
// Maps and lists on the way count too: they may repeat and hold nothing.
constexpr std::size_t most_visits = 4 * most_properties;

class flattener {
 public:
  flattener(const std::string& path, std::vector<problem>& problems)
      : path_(path), problems_(problems) {}

  void document(const YAML::Node& root, int number) {
    document_ = number;
    if (!root.IsMap() && !root.IsNull())
      problems_.push_back({at(root), "the document is no map of keys", "Give application YAML."});
    else
      below(root, "", 0);
  }

  std::vector<property> all;

 private:
  source_position at(const YAML::Node& node) const {
    const auto mark = node.Mark();
    return {path_, mark.line + 1, mark.column + 1};
  }

  // Aliases may repeat a node, so that the bound is on what comes of it.
  bool is_full(const YAML::Node& node) {
    if (all.size() < most_properties && visits_ < most_visits) return false;
    if (!full_)
      problems_.push_back({at(node), fmt::format("more than {} properties", most_properties),
                           "Give the file of one installation."});
    full_ = true;
    return true;
  }

  void below(const YAML::Node& node, const std::string& name, int depth) {
    ++visits_;
    if (is_full(node)) return;
    if (depth > deepest) {
      problems_.push_back({at(node), fmt::format("{} is nested too deep", name), "Flatten it."});
      return;
    }
    if (node.IsMap()) {
      for (const auto& item : node) {
        const auto& key = item.first;
        if (is_full(node)) return;
        if (!key.IsScalar()) {
          problems_.push_back({at(key), "a key is no text", "Correct it."});
          continue;
        }
        const auto& text = key.Scalar();
        const bool bracketed = text.starts_with('[');
        below(item.second, name.empty() || bracketed ? name + text : name + "." + text, depth + 1);
      }
    } else if (node.IsSequence()) {
      for (std::size_t i = 0; i < node.size(); ++i)
        below(node[i], fmt::format("{}[{}]", name, i), depth + 1);
    } else if (!name.empty()) {
      all.push_back({name, node.IsScalar() ? node.Scalar() : "", at(node), document_});
    }
  }

  const std::string& path_;
  std::vector<problem>& problems_;
  int document_ = 0;
  std::size_t visits_ = 0;
  bool full_ = false;
};

}  // namespace

std::vector<property> parse_spring_yaml(std::string_view text, const std::string& path,
                                        std::vector<problem>& problems) {
  if (!is_utf8(text)) {
    problems.push_back({{path, 0, 0}, "the file is not UTF-8", "Save it as UTF-8."});
    return {};
  }
  try {
    flattener made(path, problems);
    int number = 0;
    for (const auto& root : YAML::LoadAll(std::string(text))) made.document(root, number++);
    return std::move(made.all);
  } catch (const YAML::Exception& e) {
    problems.push_back(
        {{path, e.mark.line + 1, e.mark.column + 1}, "no YAML: " + e.msg, "Correct it."});
    return {};
  }
}

}  // namespace kp::importer
