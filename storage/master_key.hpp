#pragma once

#include "config/hub_settings.hpp"
#include "config/random.hpp"

namespace kp::storage {

// The hub's master key, 32 bytes, from where hub.yaml says (64 hex digits). By default it is in
// <storage>/master.key, made (mode 0600) when `store_is_new`; a store without its key is refused:
// what it holds could not be read. Errors: config_errc.
result<std::string> load_master_key(const hub_settings& settings, bool store_is_new,
                                    random_source& random);

}  // namespace kp::storage
