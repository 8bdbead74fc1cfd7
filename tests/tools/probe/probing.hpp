#pragma once

#include "tests/support/tools.hpp"
#include "tools/probe/probe.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <memory>
#include <string>

namespace kp::probes::test {

namespace json = boost::json;

inline const std::string own = "910077473";
inline const std::string other = "974760673";

// A sandbox, and an organisation that it knows, whose file each test writes.
class probing : public testing::Test {
 protected:
  void SetUp() override;

  // Registers the organisation for these services; its key store is written.
  void join(json::array services, json::object more = {});
  json::value control(const std::string& method, const std::string& path,
                      json::value body = nullptr);
  // Every call to an endpoint is answered with this status, and perhaps a body.
  void refuse(const std::string& endpoint, unsigned status, const std::string& body = "{}");
  // How often an endpoint has been called.
  std::int64_t calls(const std::string& endpoint);

  // Probes the organisation of a file. `services`: lines of services; `channel`: those of its
  // channel beside its name; both with their indentation and end.
  void probe(const std::string& services, const std::string& channel);
  // "good: <text>", "missing: <text> -> <remedy>" of a part; several of one part with a line each;
  // "" when it was not spoken of.
  std::string said(const std::string& part) const;
  std::string everything() const;  // a line each, for failures

  std::unique_ptr<sandbox::sandbox> box;
  hub_settings hub;
  report last;
  kp::test::temporary_folder folder;
};

}  // namespace kp::probes::test
