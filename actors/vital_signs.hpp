#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace kp::actors {

// What the parts of the hub have last seen of themselves and of the national services, for
// /manage/health. They report as they go; nothing is asked for its sake. Any thread.
class vital_signs {
 public:
  // A hub is ready when every channel can be used, and no longer when it has been told to stop.
  enum class phase { starting, ready, stopping };
  void become(phase);
  phase now() const { return phase_.load(); }

  // The last outcome of something that is done again and again.
  struct outcome {
    std::optional<time_point> succeeded;
    std::optional<time_point> failed;
    std::string failure;  // of the last failure; says nothing of any person
    bool good() const { return succeeded && (!failed || *failed <= *succeeded); }
  };

  struct keystore {
    std::string problem;     // why it did not open; empty: it is open
    time_point not_after{};  // of the certificate, when it is open
  };
  struct pause {  // by an operator
    bool sending = false, receiving = false;
    time_point at{};
    std::string by, reason;
  };
  struct organisation {
    std::optional<keystore> keys;  // absent: not needed so far
    std::map<service, pause> pauses;
    std::map<service, outcome> polls;
    std::map<std::string, outcome> her_ids;  // "her-id:8093": whether it can be asked (dph.md 7.5)
    // Whether services take the credentials that it has there, by names that operators know.
    std::map<service, std::map<std::string, outcome>> credentials;
  };

  void keystore_opened(organisation_id, time_point not_after);
  void keystore_failed(organisation_id, std::string why);
  void polled(organisation_id, service, time_point at);
  void poll_failed(organisation_id, service, time_point at, std::string why);
  void her_id_asked(organisation_id, const std::string& which, time_point at);
  void her_id_failed(organisation_id, const std::string& which, time_point at, std::string why);
  void credential_works(organisation_id, service, const std::string& name, time_point at);
  void credential_fails(organisation_id, service, const std::string& name, time_point at,
                        std::string why);
  void forget_credentials(organisation_id, service);
  void paused(organisation_id, service, pause);  // of neither: it works again
  // Also of organisations that have gone since.
  std::map<organisation_id, organisation> organisations() const;

  using call = std::pair<std::string, std::string>;  // service, endpoint
  void called(const call&, time_point at);
  void call_failed(const call&, time_point at, std::string why);
  std::map<call, outcome> calls() const;

  // Why nothing can be stored; nothing: it can.
  void store_failed(std::optional<std::string> why);
  std::optional<std::string> store_failure() const;

 private:
  std::atomic<phase> phase_{phase::starting};
  mutable std::mutex mutex_;
  std::map<organisation_id, organisation> organisations_;
  std::map<call, outcome> calls_;
  std::optional<std::string> store_failure_;
};

std::shared_ptr<vital_signs> make_vital_signs();

}  // namespace kp::actors
