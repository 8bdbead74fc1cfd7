#pragma once

#include "config/hub_settings.hpp"
#include "config/ids.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kp::importer {

// What becomes of a property of a Java installation.
enum class fate {
  carried,   // the importer writes what it says into the organisation's file
  hub,       // it is a setting of the whole hub, in hub.yaml
  not_used,  // the hub does it otherwise, and nothing is lost
  missing,   // the hub has no such setting, and something is lost
};

// A property that the Java installation knows. Source: operations.md 2, dpfio.md 2.
struct known_property {
  std::string_view name;  // "*" stands for an index or a key, "**" at the end for anything below
  fate becomes;
  std::string_view advice = {};      // why, and what to do; sentences
  std::string_view usual = {};       // its default in production; {org} is the number
  std::string_view test_usual = {};  // in the test environment, when it differs
  service of = service::unknown;     // has no effect while this one is off
};

std::span<const known_property> platform_properties();
std::span<const known_property> service_properties();

std::string_view usual_value(const known_property&, environment_preset);

// The elements of a name, without what relaxed binding passes over: difi.move.dpo.messageChannel
// and difi.move.dpo.message-channel are {difi, move, dpo, messagechannel}; indices are elements.
std::vector<std::string> elements_of(std::string_view name);
std::string canonical(std::string_view name);  // the elements with dots between

// A name as a file has it, recognised.
struct recognised {
  const known_property* known = nullptr;  // nullptr: the Java installation does not know it
  std::string canonical;
  bool is_variable = false;  // of the environment, and no property by itself
};
// DIFI_MOVE_DPO_MESSAGECHANNEL and DIFI_MOVE_DPO_MESSAGE_CHANNEL too.
recognised recognise(std::string_view name);

// The known name nearest to one that nobody knows.
std::optional<std::string> nearest_property(std::string_view name);

// Whether a value must not be shown: by the name of the property, or because it holds a password
// (jdbc URLs).
bool is_secret(std::string_view name, std::string_view value);
// The value for people: "****" for a secret.
std::string shown(std::string_view name, std::string_view value);

}  // namespace kp::importer
