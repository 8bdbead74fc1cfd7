#pragma once

#include "protocol/dpf/svarut.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

namespace kp::dpf {

struct rest_settings {
  std::string base_url;    // https://svarut.ks.no; the paths begin with /api
  std::string account_id;  // kontoId
  std::string integration_id;
  std::string integration_password;
  std::vector<std::string> scopes{"ks:fiks"};
  std::optional<std::string> consumer;  // nine digits, when it is not the token's own client
};

// SvarUt's REST API, v3 for sending and statuses, v2 for the rest (dpf.md 7). A 401 evicts the
// token and is tried once more. `http` and `tokens` must outlive it.
std::unique_ptr<svarut> make_rest_svarut(http::client& http, maskinporten::client& tokens,
                                         rest_settings settings);

}  // namespace kp::dpf
