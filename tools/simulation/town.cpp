#include "tools/simulation/town.hpp"

#include <algorithm>

namespace kp::simulation {

organisation_id id_of(std::size_t organisation) {
  return *organisation_id::parse(organisations[organisation]);
}

std::size_t index_of(std::string_view number) {
  const auto digits = number.substr(number.rfind(':') + 1);
  return static_cast<std::size_t>(std::ranges::find(organisations, digits) - organisations.begin());
}

channel_name name_of(std::size_t channel) {
  return *channel_name::parse(channels[channel].name);
}

std::shared_ptr<const tenants::organisation> settings_of(std::size_t organisation) {
  const auto id = id_of(organisation);
  auto settings = std::make_shared<tenants::organisation>(
      tenants::organisation{id, {}, {}, {}, {}, {}, {}, {}, {}});
  settings->dpo.enabled = true;
  settings->dpo.system_user_organisation = id.iso6523();
  settings->dpo.system_user_name = id.to_string() + "_systembruker";
  settings->dpo.default_ttl = letter_life;
  settings->dpo.poll_interval = std::chrono::seconds(30);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto& plan = channels[i];
    tenants::channel_settings channel{name_of(i), {}, {}, {}, {}, {}, {}};
    channel.sends = {service::dpo};
    if (plan.receives) channel.receives = {service::dpo};
    if (plan.message_channel) channel.message_channel = plan.message_channel;
    if (plan.queues_statuses) channel.status_queue = {service::dpo};
    channel.lock_timeout = lock_timeout;
    settings->channels.push_back(std::move(channel));
  }
  return settings;
}

}  // namespace kp::simulation
