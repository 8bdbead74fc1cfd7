#pragma once

#include "tools/sandbox/altinn_exchange.hpp"
#include "tools/sandbox/authority_control.hpp"
#include "tools/sandbox/broker_http.hpp"
#include "tools/sandbox/ca.hpp"
#include "tools/sandbox/correspondence_http.hpp"
#include "tools/sandbox/counters.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/dph_http.hpp"
#include "tools/sandbox/dpi_http.hpp"
#include "tools/sandbox/faults.hpp"
#include "tools/sandbox/fiks_control.hpp"
#include "tools/sandbox/fiks_http.hpp"
#include "tools/sandbox/maskinporten.hpp"
#include "tools/sandbox/registry.hpp"
#include "tools/sandbox/service_bus_control.hpp"
#include "tools/sandbox/status_service.hpp"
#include "tools/sandbox/subscribers.hpp"
#include "tools/sandbox/svarut.hpp"

namespace kp::sandbox {

// All services of one sandbox, on one thread. They refer to each other, so it stays where it is
// made.
struct services {
  struct parts {
    certificate_authority ca;
    rsa_key maskinporten_key, altinn_key;
    std::shared_ptr<const clock> time;
    std::shared_ptr<random_source> random;
    std::string base_url;   // http://127.0.0.1:8090
    std::string audience;   // of Maskinporten, with a slash at the end
    std::string resource;   // of Broker
    std::string transfers;  // folder
  };
  static result<std::unique_ptr<services>> make(parts);
  services(const services&) = delete;
  services& operator=(const services&) = delete;

  sandbox_clock time;
  std::shared_ptr<random_source> random;
  certificate_authority ca;
  authority_control authority;
  directory known;
  maskinporten tokens;
  altinn_exchange exchange;
  broker_state transfers;
  broker_http broker;
  svarut ks;  // before the registry, which knows its receivers
  kp::sandbox::registry registry;
  status_service statuses;
  service_bus_state queues;
  service_bus_http bus;
  service_bus_control bus_control;
  correspondence_state letters;
  correspondence_http post;
  citizens residents;
  dpi_state digital_post;
  dpi_http dpi;
  dph_state health;
  dph_http dph;
  fiks_state fiks_accounts;
  fiks_http fiks;
  fiks_control fiks_peers;
  fault_list faults;
  call_counters counters;
  subscribers subscribed;

  // A key that nobody trusts, made when first needed.
  const rsa_key* stray_key();

 private:
  std::optional<rsa_key> stray_;
  services(parts, kp::sandbox::registry::signing, rsa_key svarut_key, certificate svarut_own);
};

}  // namespace kp::sandbox
