#pragma once

#include "actors/vital_signs.hpp"
#include "config/hub_settings.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/http/client.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kp::actors {

// What a call to a national service is for: small closed sets, so that they can be labels.
struct call_purpose {
  std::string service;   // "DPO", "maskinporten", "altinn", "registry"; "other" when unknown
  std::string endpoint;  // "token", "search", ...
};
call_purpose purpose_of(const national_addresses& national, std::string_view method,
                        std::string_view url);

// The same client, with its calls counted and timed, and their last outcomes reported.
std::unique_ptr<http::client> measure(std::unique_ptr<http::client> client,
                                      const national_addresses& national, const clock& time,
                                      std::shared_ptr<metrics::hub_meters> meters,
                                      std::shared_ptr<vital_signs> signs);

}  // namespace kp::actors
