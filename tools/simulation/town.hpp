#pragma once

#include "tenants/organisation.hpp"

#include <array>
#include <memory>

namespace kp::simulation {

inline constexpr std::array<const char*, 3> organisations{"910077473", "910075918", "910076787"};

// Of every organisation: who receives to begin with, who only sends and names itself, and who
// takes the inbound seat over now and then.
struct channel_plan {
  const char* name;
  bool receives;
  const char* message_channel;  // nullptr: none
  bool queues_statuses;
};
inline constexpr std::array<channel_plan, 3> channels{{{"arkiv", true, nullptr, false},
                                                       {"fag", false, "fag-42", true},
                                                       {"sak", false, nullptr, false}}};
inline constexpr std::chrono::minutes lock_timeout{2};
inline constexpr std::chrono::hours letter_life{3};

organisation_id id_of(std::size_t organisation);
// The index of a number ("910077473", "0192:910077473"); at least organisations.size(): nobody's.
std::size_t index_of(std::string_view number);
channel_name name_of(std::size_t channel);
std::shared_ptr<const tenants::organisation> settings_of(std::size_t organisation);

}  // namespace kp::simulation
