#include "tests/tools/system/hub_files.hpp"

#include "config/random.hpp"
#include "tenants/password.hpp"

#include <fmt/format.h>

namespace kp::test {

std::string credential(const std::string& user_and_password, const std::string& more) {
  const auto colon = user_and_password.find(':');
  return fmt::format(
      "{{user: {}, {}password_hash: \"{}\"}}", user_and_password.substr(0, colon), more,
      tenants::hash_password(user_and_password.substr(colon + 1), *make_secure_random()));
}

std::string organisation_yaml(const std::string& number, const std::string& name,
                              const std::string& channels, const std::string& services) {
  return fmt::format(
      "number: \"{0}\"\nname: {1}\nkeystore:\n  path: ../keystores/{0}.p12\n"
      "  password: {{file: ../keystores/{0}.password}}\nservices:\n"
      "  dpo: {{enabled: true, poll_interval_seconds: 1, quiet_poll_interval_seconds: "
      "1}}\n{3}channels:\n{2}",
      number, name, channels, services);
}

std::string channel_yaml(const std::string& name, const std::string& who, const std::string& more,
                         const std::string& sends) {
  return fmt::format("  - name: {}\n    sends: [{}]\n{}    credentials:\n      - {}\n", name, sends,
                     more, credential(who));
}

std::string hub_yaml(const std::string& national, std::uint16_t port, std::uint16_t amqp_port,
                     const std::string& bus) {
  return fmt::format(
      "environment: sandbox\nnational:\n"
      "  maskinporten_token_url: {0}/token\n"
      "  maskinporten_audience: {0}/\n"
      "  altinn_exchange_url: {0}/authentication/api/v1/exchange/maskinporten\n"
      "  broker_url: {0}/broker/api/v1\n"
      "  service_registry_url: {0}/adressetjeneste\n"
      "  correspondence_url: {0}/altinn-proxy/correspondence/api/v1\n"
      "  service_registry_key_url: {0}/adressetjeneste/jwk\n"
      "  service_bus_url: {0}\n{3}"
      "  dpi_url: {0}/dpi\n"
      "  print_certificate_url: {0}/rest/v2/printSertifikat\n"
      "  svarut_url: {0}\n"
      "  fiks_io_url: {0}\n"
      "  fiks_io_broker_url: amqp://127.0.0.1:{2}\n"
      "  dph_url: {0}/nhn-adapter/api\n"
      "listener:\n  port: {1}\nstorage:\n  path: store\n"
      "status_service:\n  url: {0}/logging/api/status\n"
      "tenants:\n  folder: tenants.d\nupstream:\n"
      "  broker_search_per_minute: 10000\n"
      "  broker_calls_per_minute: 10000\n",
      national, port, amqp_port,
      bus.empty() ? std::string() : fmt::format("  service_bus_amqp_url: {}\n", bus));
}

}  // namespace kp::test
