#pragma once

#include "protocol/maskinporten/maskinporten.hpp"
#include "protocol/registry/registry.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kp::dpe {

struct sas_key_settings {
  std::string registry_url;           // …/adressetjeneste
  std::optional<std::string> stored;  // the last key that came, kept from an earlier run
  // Called with a key that has just come and is another than before, so that it can be kept. It is
  // a secret.
  std::function<void(const std::string& key)> keep;
};

// The shared access key of the Service Bus, as the Service Registry hands it out (dpe.md 4):
// verified, cached for a day, and when the registry does not answer, the last one that came.
// Simultaneous callers share one request. Lives on the network thread.
class sas_keys {
 public:
  sas_keys(http::client& http, const clock& time, maskinporten::client& maskinporten,
           registry::signing_keys& signed_by, sas_key_settings settings);
  ~sas_keys();
  // Errors: dpe_errc::no_key when the registry has none (404); its refusals and signature errors;
  // transport errors when no earlier key can stand in.
  http::awaitable<result<std::string>> get();
  // The Service Bus has answered 401 to this key: the next get() asks the registry anew, and an
  // earlier key that was refused does not stand in.
  void refused(const std::string& key);

 private:
  struct state;
  static http::awaitable<result<std::string>> fetch(std::shared_ptr<state> own);
  std::shared_ptr<state> state_;
};

}  // namespace kp::dpe
