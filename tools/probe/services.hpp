#pragma once

#include "tools/probe/desk.hpp"

// The single probes. Each says what it has found to the desk.

namespace kp::probes {

// Opens the key stores; false when the organisation's own cannot be used.
bool open_key_stores(desk&);

// Everything below needs the key store. Maskinporten and the Service Registry, which all need.
http::awaitable<void> ask_registry(desk&);

// One message service, which is enabled.
http::awaitable<void> ask_dpo(desk&);
http::awaitable<void> ask_dpv(desk&);
http::awaitable<void> ask_dpf(desk&);
http::awaitable<void> ask_dpe(desk&);
http::awaitable<void> ask_dpi(desk&);
http::awaitable<void> ask_dpfio(desk&);
http::awaitable<void> ask_dph(desk&);

}  // namespace kp::probes
