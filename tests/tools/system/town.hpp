#pragma once

#include "tests/support/tools.hpp"
#include "tests/tools/system/documents.hpp"
#include "tests/tools/system/hub_process.hpp"
#include "tests/tools/system/rest_client.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kp::test {

// Three organisations of the test environment with made-up names, and one that nobody knows.
inline const std::string bergvik = "910077473";
inline const std::string fjordnes = "910075918";
inline const std::string skogvik = "910076787";
inline const std::string nobody = "910000004";
// Without an access point: reached by DPV.
inline const std::string elvestad = "810000430";
// Known to the national services, but not yet to the hub.
inline const std::string newcomer = "810000031";

// user:password of the channels: two of Bergvik, one of Fjordnes, two of Skogvik.
inline const std::string arkiv = "bergvik-arkiv:arkiv-pass";
inline const std::string barnevern = "bergvik-barnevern:barnevern-pass";
inline const std::string sak = "fjordnes-sak:sak-pass";
inline const std::string post = "skogvik-post:post:pass";
inline const std::string brev = "skogvik-brev:brev-pass";     // sends DPV
inline const std::string small = "skogvik-small:small-pass";  // with quotas
// Who looks after the hub.
inline const std::string operator_user = "drift:drift-pass";  // may look
inline const std::string watch_user = "vakt:vakt-pass";       // may change things

// The national services, in this process, and a hub with three organisations, in a process of its
// own. Made once for all tests of the program: each uses messages of its own.
class town {
 public:
  // Starts everything at the first call; nullptr where the program has not been built.
  static town* shared();

  town(const std::filesystem::path& program);

  hub_process& hub() { return *hub_; }
  // Starts the hub and waits until every channel answers.
  bool start_hub();
  std::uint16_t api_port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  // Where the hub looks for the broker of FIKS IO; a test starts it.
  std::uint16_t amqp_port() const { return amqp_port_; }
  std::string sandbox_url() const { return box_->url(); }
  const std::string& problem() const { return problem_; }
  std::string path(const std::string& name) const { return folder_.path(name); }

  // The hub's REST API.
  rest_answer api(const std::string& who, const std::string& method, const std::string& path,
                  header_fields headers = {}, const std::string& body = {}) const;
  rest_answer create(const std::string& who, const json::object& document) const;
  rest_answer upload(const std::string& who, const std::string& id, const std::string& file,
                     const std::string& type, const std::string& bytes) const;
  rest_answer send(const std::string& who, const std::string& id) const;

  // The sandbox's control API; a failure is a test failure and null.
  json::value control(const std::string& method, const std::string& path,
                      json::value body = nullptr) const;
  rest_answer transfer_content(const std::string& id) const;

 private:
  void register_organisations();
  void write_configuration();

  temporary_folder folder_;
  std::unique_ptr<sandbox::sandbox> box_;
  std::uint16_t port_ = 0, admin_port_ = 0, amqp_port_ = 0;
  std::unique_ptr<hub_process> hub_;
  std::string problem_;
};

// What the tests of the hub have in common.
class in_town : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Steps that must not fail; a failed one is a test failure and an empty id.
  std::string create(const std::string& who, const json::object& document);
  std::string prepare_letter(const std::string& who, const std::string& receiver,
                             const std::string& attachment = "%PDF-1.4 brev");
  std::string send_letter(const std::string& who, const std::string& receiver,
                          const std::string& attachment = "%PDF-1.4 brev");
  std::string send_receipt(const std::string& who, const std::string& to,
                           const std::string& message);

  // Names, in order.
  std::vector<std::string> statuses(const std::string& who, const std::string& id);
  bool until_status(const std::string& who, const std::string& id, const std::string& status,
                    std::chrono::seconds longest = patience);
  // Waits until the message is in the inbox; whether it came.
  bool until_arrived(const std::string& who, const std::string& id,
                     std::chrono::seconds longest = patience);
  std::int64_t count_in_inbox(const std::string& who, const std::string& id);
  bool lock(const std::string& who, const std::string& id);  // peek
  // Peek, pop, delete: what was in the container, by name.
  std::map<std::string, std::string> take(const std::string& who, const std::string& id);

  // A hub that has no tokens yet, and none that lives longer than a second; and the usual again.
  void begin_short_tokens();
  void end_short_tokens();
  // How wrong the clocks of the national services are.
  void skew_clocks(int seconds) {
    here->control("POST", "/control/clock", {{"skewSeconds", seconds}});
  }
  // Whether the last fault has struck in time.
  bool until_fault_struck();

  void fault(json::object what) { here->control("POST", "/control/faults", std::move(what)); }
  json::array transfers_of(const std::string& organisation);
  // How far the recipient has come: Initialized, DownloadStarted, DownloadConfirmed.
  std::string received_at_broker(const std::string& transfer);
  std::string inject(json::object transfer);
  // Injects a good message to `recipient` and waits for it: what was there before has had its turn.
  void pass_a_round(const std::string& recipient, const std::string& who);

  town* here = nullptr;

 private:
  std::size_t log_from_ = 0;
};

}  // namespace kp::test
