#include "tenants/channel_rules.hpp"

#include "config/yaml.hpp"
#include "tenants/connected_services.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::tenants {

namespace {

// The longest reference that is not mistaken for a random one (dpo.md 6.1).
constexpr std::size_t longest_reference = 25;

class rules {
 public:
  explicit rules(const organisation& owner) : owner_(owner) {}

  std::vector<problem> run() {
    for (const auto which : all_services) not_connected(which);
    for (const auto& channel : owner_.channels) service_off(channel);
    receives_once();
    for (const auto& channel : owner_.channels) reference_form(channel);
    reference_unique();
    reference_needed();
    return std::move(problems_);
  }

 private:
  // `rule` is the name that the header and the documentation give it.
  void report(const channel_settings& channel, std::string_view rule, std::string_view broken,
              std::string remedy) {
    problems_.push_back(
        {channel.where,
         fmt::format("channel {} {} [{}]", in_quotes(channel.name.to_string()), broken, rule),
         std::move(remedy)});
  }

  static std::string name_and_line(const channel_settings& channel) {
    return fmt::format("channel {} (line {})", in_quotes(channel.name.to_string()),
                       channel.where.line);
  }

  void not_connected(service which) {
    if (!owner_.enabled(which) || is_connected(which)) return;
    std::string connected;
    for (const auto each : connected_services)
      connected += (connected.empty() ? "" : ", ") + std::string(to_string(each));
    problems_.push_back(
        {owner_.where_enabled(which),
         fmt::format("the organisation enables {}, which this version of the hub does not connect "
                     "[not-connected]",
                     to_string(which)),
         fmt::format("Set it to false. Connected: {}.", connected)});
  }

  void service_off(const channel_settings& channel) {
    for (const auto& [list, verb] :
         {std::pair{&channel.sends, "sends"}, {&channel.receives, "receives"}}) {
      for (const auto used : *list) {
        if (owner_.enabled(used)) continue;
        const auto name = to_string(used);
        std::string key(name);
        std::ranges::transform(key, key.begin(),
                               [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        report(channel, "service-off",
               fmt::format("{} {}, but the organisation has not enabled it", verb, name),
               fmt::format("Set services.{}.enabled to true, or remove {} from `{}`.", key, name,
                           verb));
      }
    }
  }

  void receives_once() {
    for (const auto what : all_services) {
      const channel_settings* first = nullptr;
      for (const auto& channel : owner_.channels) {
        if (!channel.receives.contains(what)) continue;
        if (first)
          report(channel, "receives-once",
                 fmt::format("receives {}, as {} does already; arrivals would go to either",
                             to_string(what), name_and_line(*first)),
                 fmt::format("Remove {} from `receives` of one of them.", to_string(what)));
        else
          first = &channel;
      }
    }
  }

  void reference_form(const channel_settings& channel) {
    if (!channel.message_channel) return;
    const auto& text = *channel.message_channel;
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '_';
    };
    if (!text.empty() && text.size() <= longest_reference && std::ranges::all_of(text, allowed))
      return;
    report(channel, "reference-form",
           fmt::format("has the message_channel {}, which is no reference", in_quotes(text)),
           fmt::format("Use 1 to {} of the characters A-Z, a-z, 0-9, - and _.", longest_reference));
  }

  void reference_unique() {
    for (auto channel = owner_.channels.begin(); channel != owner_.channels.end(); ++channel) {
      if (!channel->message_channel) continue;
      const auto same =
          std::find_if(owner_.channels.begin(), channel, [&](const channel_settings& other) {
            return other.message_channel == channel->message_channel;
          });
      if (same != channel)
        report(*channel, "reference-unique",
               fmt::format("has the message_channel {} of {}; each would take the other's "
                           "statuses and receipts",
                           in_quotes(*channel->message_channel), name_and_line(*same)),
               "Give each its own.");
    }
  }

  // dpo.md 6: at most one seat of an organisation is without a reference, the one that receives.
  void reference_needed() {
    const auto sends = [](const channel_settings& channel) {
      return channel.sends.contains(service::dpo);
    };
    if (std::ranges::count_if(owner_.channels, sends) < 2) return;
    for (const auto& channel : owner_.channels) {
      if (!sends(channel) || channel.message_channel || channel.receives.contains(service::dpo))
        continue;
      report(channel, "reference-needed",
             "sends DPO beside other channels, but does not receive it and has no "
             "message_channel; its statuses and receipts would not find it",
             fmt::format("Give it a message_channel, e.g. {}, or remove DPO from `sends`.",
                         channel.name.to_string().substr(0, longest_reference)));
    }
  }

  const organisation& owner_;
  std::vector<problem> problems_;
};

}  // namespace

std::vector<problem> check_channel_rules(const organisation& owner) {
  return rules(owner).run();
}

}  // namespace kp::tenants
