#include "tools/crash/service_rules.hpp"

namespace kp::crash {

// Where a receipt and the service's own word come at the same time, LEST or LEVERT takes the place
// of what was slower.
const service_rules& rules_of(service via) {
  static const service_rules dpo{
      {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"}, "LEVERT", true, false, false};
  static const service_rules dpv{
      {"OPPRETTET", "SENDT", "LEVERT", "LEST"}, "LEST", false, false, true};
  static const service_rules dpf{
      {"OPPRETTET", "SENDT", "LEVERT", "LEST"}, "LEST", true, true, true};
  static const service_rules dpe{
      {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"}, "LEVERT", false, false, false};
  static const service_rules dpi{
      {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"}, "LEST", false, false, true};
  static const service_rules dph{
      {"OPPRETTET", "SENDT", "MOTTATT", "LEVERT"}, "LEVERT", false, true, false};
  switch (via) {
    case service::dpv:
      return dpv;
    case service::dpf:
      return dpf;
    case service::dpe:
      return dpe;
    case service::dpi:
      return dpi;
    case service::dph:
      return dph;
    default:
      return dpo;
  }
}

}  // namespace kp::crash
