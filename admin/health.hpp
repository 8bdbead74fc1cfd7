#pragma once

#include "actors/context.hpp"
#include "actors/vital_signs.hpp"
#include "admin/store_levels.hpp"
#include "tenants/directory.hpp"
#include "tenants/tenants_state.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

// The health of the hub in its parts. Plain functions over what has been seen; nothing is asked of
// anybody. UP, DEGRADED (works, somebody should look), DOWN.

namespace kp::admin {

enum class health { up, degraded, down };
std::string_view to_string(health);

// A certificate with less time left than this makes its organisation DEGRADED.
inline constexpr std::chrono::days certificate_warning{30};
// So long may searches for arrivals fail before it is called trouble.
inline constexpr std::chrono::minutes poll_patience{10};
// With less left on the store's disk the hub is DOWN.
inline constexpr std::uintmax_t least_disk_space = 64u << 20;

struct organisation_health {
  health status = health::up;
  boost::json::object details;
};
organisation_health judge(const tenants::organisation& who,
                          const actors::vital_signs::organisation* seen, time_point now);

struct health_facts {
  const actors::vital_signs& signs;
  const tenants::directory* directory = nullptr;
  const hub_settings& settings;
  std::optional<std::filesystem::space_info> disk;  // of storage.path; absent: not known
  std::map<organisation_id, queue_levels> levels;
  tenants::tenants_state::snapshot tenants;
  time_point now{};
};

struct hub_health {
  health status = health::up;
  std::size_t organisations_in_trouble = 0;
  std::size_t configuration_problems = 0;
  boost::json::object body;  // {"status", "components", "groups"}
};
hub_health judge(const health_facts&);

}  // namespace kp::admin
