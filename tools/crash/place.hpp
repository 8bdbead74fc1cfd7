#pragma once

#include "tests/tools/system/hub_process.hpp"
#include "tests/tools/system/rest_client.hpp"
#include "tools/crash/model.hpp"
#include "tools/sandbox/sandbox.hpp"

#include <boost/json/value.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace kp::crash {

inline const std::string operator_user = "vakt:vakt-pass";
// Of the organisation that comes and goes.
inline constexpr const char* newcomer = "810000031";
inline const std::string newcomer_user = "utmark-post:utmark-pass";

// A sandbox of the national services in this process and a hub in another, with everything that
// belongs to the hub in one folder.
class place {
 public:
  // Empty `problem()` when everything stands; the hub has not been started.
  place(const std::filesystem::path& program, std::filesystem::path folder);

  const std::string& problem() const { return problem_; }
  const std::filesystem::path& folder() const { return folder_; }
  test::hub_process& hub() { return *hub_; }
  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  // Puts the file of the organisation that comes and goes into tenants.d, or takes it away.
  void put_newcomer(bool there) const;
  // Takes the organisation that comes and goes out of the stopped hub for ever; what went wrong. It
  // dies in the middle of that at first, as often as there are places to.
  std::string erase_newcomer() const;
  // The sandbox's control calls, from any thread; null when one failed, and `problem()` says why.
  boost::json::value control(const std::string& method, const std::string& path,
                             boost::json::value body = nullptr);
  test::rest_answer transfer_content(const std::string& id) const;

 private:
  void write(const std::string& name, const std::string& text) const;
  void register_organisations();
  void write_configuration();
  void write_organisation_beside_dpo(std::size_t number) const;
  int erase(const std::string& environment, const std::filesystem::path& output) const;

  std::filesystem::path program_, folder_;
  std::unique_ptr<sandbox::sandbox> box_;
  std::uint16_t port_ = 0, admin_port_ = 0;
  std::unique_ptr<test::hub_process> hub_;
  std::mutex problem_lock_;
  std::string problem_;
};

// The calls of one channel. Every answer is looked through for the marks of others.
class client {
 public:
  client(place& where, std::size_t channel, findings& found, std::atomic<unsigned>& calls)
      : place_(where), channel_(channel), findings_(found), calls_(calls) {}

  struct outcome {
    test::rest_answer answer;  // status 0: none before the patience was at its end
    bool unclear = false;      // an earlier attempt was not answered: it may have been done
  };
  // Until there is a clear answer: not one that was cut, 503, 429 or 409.
  outcome insist(const std::string& step, const std::string& method, const std::string& path,
                 const test::header_fields& headers = {}, const std::string& body = {});
  // One attempt.
  test::rest_answer ask(const std::string& step, const std::string& method, const std::string& path,
                        test::header_fields headers = {}, const std::string& body = {});

  place& where() { return place_; }
  std::size_t number() const { return channel_; }
  const channel& who() const { return channels[channel_]; }
  findings& found() { return findings_; }

 private:
  place& place_;
  std::size_t channel_;
  findings& findings_;
  std::atomic<unsigned>& calls_;
};

}  // namespace kp::crash
