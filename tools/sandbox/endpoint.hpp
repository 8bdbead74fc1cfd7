#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kp::sandbox {

enum class endpoint {
  token,
  maskinporten_metadata,
  maskinporten_jwk,
  exchange,
  initialize,
  upload,
  search,
  overview,
  details,
  download,
  confirm,
  registry_identifier,
  registry_process,
  registry_info,
  registry_virksert,
  registry_sastoken,
  registry_jwk,
  webhook,
  status_service,
  status_rsocket,
  service_bus_send,
  service_bus_receive,
  service_bus_complete,
  service_bus_unlock,
  service_bus_renew,
  service_bus_set_aside,
  service_bus_claim,
  correspondence_upload,
  correspondence_overview,
  correspondence_search,
  correspondence_health,
  dpi_send,
  dpi_statuses,
  dpi_inbox,
  dpi_download,
  dpi_read,
  print_certificate,
  dph_send,
  dph_statuses,
  dph_list,
  dph_receive,
  dph_read,
  dph_lookup,
  svarut_send,
  svarut_status,
  svarut_find,
  svarut_types,
  svarut_receivers,
  svarut_key,
  svarut_soap,
  svarinn_list,
  svarinn_download,
  svarinn_receipt,
  svarinn_refusal,
  fiks_send,
  fiks_lookup,
  fiks_account,
  fiks_account_status,
  fiks_key,
  fiks_put_key,
  fiks_document,
  fiks_authorize,
  revocation_list,
  control,
};

// Where the sandbox's authority says who is revoked.
inline constexpr std::string_view revocation_list_path = "/crl/sandbox.crl";

std::string_view to_string(endpoint);
std::optional<endpoint> parse_endpoint(std::string_view);
bool is_broker(endpoint);
bool is_registry(endpoint);
bool is_service_bus(endpoint);
bool is_correspondence(endpoint);
bool is_dpi(endpoint);
bool is_dph(endpoint);
bool is_svarut(endpoint);   // SvarUt and SvarInn
bool is_svarinn(endpoint);  // SvarInn alone
bool is_fiks_io(endpoint);

struct route {
  endpoint where;
  // Of a transfer, an account, a forsendelse, identifier of the registry, a subscriber, a queue,
  // rest of a control path.
  std::string id;
  std::string process;  // registry_process; of a queue: the message and its lock, "id/token"
};

// Where a request belongs: nullopt for a path nobody answers, or a method it does not answer.
std::optional<route> find_route(std::string_view method, std::string_view path);

}  // namespace kp::sandbox
