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
  control,
};

std::string_view to_string(endpoint);
std::optional<endpoint> parse_endpoint(std::string_view);
bool is_broker(endpoint);
bool is_registry(endpoint);

struct route {
  endpoint where;
  std::string id;  // of a transfer, identifier of the registry, a subscriber, rest of a control path
  std::string process;  // registry_process
};

// Where a request belongs: nullopt for a path nobody answers, or a method it does not answer.
std::optional<route> find_route(std::string_view method, std::string_view path);

}  // namespace kp::sandbox
