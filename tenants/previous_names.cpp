#include "tenants/previous_names.hpp"

#include "config/yaml.hpp"

#include <fmt/format.h>

#include <map>

namespace kp::tenants {

namespace {

class claims {
 public:
  // `what` is the key in the file; `present` says which channel has the text today.
  claims(std::string_view what, std::map<std::string, const channel_settings*> present,
         std::vector<problem>& problems)
      : what_(what), present_(std::move(present)), problems_(problems) {}

  void add(const channel_settings& by, const std::string& text) {
    if (const auto now = present_.find(text); now != present_.end())
      return report(by, text, "previous-gone",
                    fmt::format("which channel {} (line {}) has now",
                                in_quotes(now->second->name.to_string()), now->second->where.line),
                    "Remove it here, or remove that channel.");
    const auto [first, is_new] = claimed_.emplace(text, &by);
    if (is_new) return;
    if (first->second == &by) return report(by, text, "previous-unique", "twice", "Remove one.");
    report(by, text, "previous-unique",
           fmt::format("as channel {} (line {}) does; unfinished messages can go to one only",
                       in_quotes(first->second->name.to_string()), first->second->where.line),
           "Leave it to the one that takes over.");
  }

 private:
  void report(const channel_settings& by, const std::string& text, std::string_view rule,
              std::string_view why, std::string remedy) {
    problems_.push_back(
        {by.where,
         fmt::format("channel {} names {} in {}, {} [{}]", in_quotes(by.name.to_string()),
                     in_quotes(text), what_, why, rule),
         std::move(remedy)});
  }

  std::string_view what_;
  std::map<std::string, const channel_settings*> present_;
  std::map<std::string, const channel_settings*> claimed_;
  std::vector<problem>& problems_;
};

}  // namespace

std::vector<problem> check_previous_names(const organisation& owner) {
  std::vector<problem> problems;
  std::map<std::string, const channel_settings*> names, references;
  for (const auto& channel : owner.channels) {
    names.emplace(channel.name.to_string(), &channel);
    if (channel.message_channel) references.emplace(*channel.message_channel, &channel);
  }
  claims by_name("previous_names", std::move(names), problems);
  claims by_reference("previous_message_channels", std::move(references), problems);
  for (const auto& channel : owner.channels) {
    for (const auto& name : channel.previous_names) by_name.add(channel, name.to_string());
    for (const auto& reference : channel.previous_message_channels)
      by_reference.add(channel, reference);
  }
  return problems;
}

}  // namespace kp::tenants
