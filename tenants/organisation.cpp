#include "tenants/organisation.hpp"

#include <algorithm>

namespace kp::tenants {

bool answers_to(const channel_settings& channel, std::string_view reference) {
  return channel.message_channel == reference ||
         std::ranges::find(channel.previous_message_channels, reference) !=
             channel.previous_message_channels.end();
}

namespace {

struct switched {
  bool on = false;
  source_position where;
};

switched switch_of(const organisation& owner, service which) {
  switch (which) {
    case service::dpo:
      return {owner.dpo.enabled, {owner.file, 0, 0}};
    case service::dpv:
      return {owner.dpv.enabled, owner.dpv.where};
    case service::dpi:
      return {owner.dpi.enabled, owner.dpi.where};
    case service::dpf:
      return {owner.dpf.enabled, owner.dpf.where};
    case service::dpe:
      return {owner.dpe.enabled, owner.dpe.where};
    case service::dpfio:
      return {owner.dpfio.enabled, owner.dpfio.where};
    case service::dph:
      return {owner.dph.enabled, owner.dph.where};
    case service::unknown:
      break;
  }
  return {false, {owner.file, 0, 0}};
}

}  // namespace

bool organisation::enabled(service which) const {
  return switch_of(*this, which).on;
}

source_position organisation::where_enabled(service which) const {
  return switch_of(*this, which).where;
}

const channel_settings* organisation::find(const channel_name& wanted) const {
  const auto found = std::ranges::find(channels, wanted, &channel_settings::name);
  return found == channels.end() ? nullptr : &*found;
}

const channel_settings* organisation::receiver(service of) const {
  const auto found = std::ranges::find_if(
      channels, [of](const channel_settings& channel) { return channel.receives.contains(of); });
  return found == channels.end() ? nullptr : &*found;
}

}  // namespace kp::tenants
