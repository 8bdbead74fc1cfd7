#include "tools/load/scenarios.hpp"

#include "config/ids.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <fstream>

namespace kp::load {

namespace {

// Nine-digit numbers with the right check digit, counted up from one that no organisation has.
std::vector<organisation_id> numbers(std::size_t count) {
  std::vector<organisation_id> found;
  for (std::uint32_t next = 810'000'000; found.size() < count; ++next)
    if (auto id = organisation_id::parse(fmt::format("{:09}", next))) found.push_back(*id);
  return found;
}

std::string tenant_yaml(organisation_id id, const tenants_options& options) {
  const auto number = id.to_string();
  auto yaml = fmt::format(
      "number: \"{0}\"\nname: Kommune {0}\nkeystore:\n  path: ../keystores/{0}.p12\n"
      "  password: {{file: ../keystores/{0}.password}}\nservices:\n  dpo: {{enabled: true, "
      "poll_interval_seconds: {1}}}\n"
      "channels:\n",
      number, options.poll_seconds);
  for (std::size_t c = 0; c < options.channels; ++c) {
    yaml += fmt::format("  - name: kanal{}\n    sends: [DPO]\n", c);
    yaml += c == 0 ? std::string("    receives: [DPO]\n")
                   : fmt::format("    message_channel: kanal{}\n", c);
    yaml += fmt::format("    credentials:\n      - {{user: {}-{}, password_hash: \"{}\"}}\n",
                        number, c, options.password_hash);
  }
  return yaml;
}

}  // namespace

int write_tenants(const tenants_options& options) {
  boost::json::array organisations;
  for (const auto id : numbers(options.organisations)) {
    const auto path = fmt::format("{}/tenants.d/{}.yaml", options.home, id.to_string());
    std::ofstream file(path, std::ios::binary);
    if (!(file << tenant_yaml(id, options)).flush()) {
      fmt::print(stderr, "kp-bench: {} cannot be written\n", path);
      return 1;
    }
    organisations.push_back({{"number", id.to_string()},
                             {"name", "Kommune " + id.to_string()},
                             {"services", boost::json::array{"DPO"}}});
  }
  const auto path = options.home + "/organisations.json";
  std::ofstream file(path, std::ios::binary);
  file << boost::json::serialize(boost::json::object{{"organisations", std::move(organisations)}});
  if (!file.flush()) {
    fmt::print(stderr, "kp-bench: {} cannot be written\n", path);
    return 1;
  }
  return 0;
}

}  // namespace kp::load
