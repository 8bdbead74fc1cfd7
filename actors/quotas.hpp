#pragma once

#include "actors/quota_usage.hpp"
#include "config/clock.hpp"
#include "config/hub_settings.hpp"
#include "tenants/directory.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

// Quotas of organisations and channels (config/quota_settings.hpp): what a request may still use.

namespace kp::actors {

enum class quota_kind { requests, bytes, messages, uploads };
std::string_view to_string(quota_kind);  // as the setting is called

// A bucket of tokens: `rate` a second, as many at once.
class token_bucket {
 public:
  // Takes one, or says how long it takes until there is one.
  std::optional<std::chrono::microseconds> take(std::uint64_t rate, time_point now);
  void give_back(std::uint64_t rate);

 private:
  time_point full_at_{};
};

// What a request wants beside being answered.
struct quota_request {
  bool creates = false;     // a message
  bool uploads = false;     // attachments
  std::uint64_t bytes = 0;  // of attachments, as announced
};

struct quota_refusal {
  quota_kind which = quota_kind::requests;
  bool of_channel = false;  // or of the whole organisation
  std::uint64_t limit = 0;
  std::chrono::seconds retry_after{1};
  std::string text;  // for the client
};

// Admits requests, or says why not. One thread.
class quotas {
 public:
  // What waits for an old message to leave comes back after so long.
  static constexpr std::chrono::seconds stored_retry{30};

  quotas(const clock& time, quota_settings hub, std::shared_ptr<quota_usage> usage)
      : time_(time), hub_(hub), usage_(std::move(usage)) {}

  // Holds the place of a request among those that are under way; give it back by ending its life.
  class place {
   public:
    place() = default;
    place(place&& other) noexcept : end_(std::exchange(other.end_, nullptr)) {}
    place& operator=(place&&) = delete;
    ~place() {
      if (end_) end_();
    }

   private:
    friend class quotas;
    explicit place(std::function<void()> end) : end_(std::move(end)) {}
    std::function<void()> end_;
  };
  struct verdict {
    std::optional<quota_refusal> refusal;  // nullopt: admitted
    place held;
  };
  verdict admit(const tenants::organisation&, const tenants::channel_settings&,
                const quota_request&);

  // Which organisations have quotas on what is stored, by their files as they are now. Returns
  // those that are to be counted for the first time (quota_usage::rebuild).
  std::vector<organisation_id> follow(const tenants::directory&);

  // How often a quota was exceeded, refused or (in a dry run) not.
  struct excess {
    std::uint64_t refused = 0;
    std::uint64_t let_through = 0;
  };
  // By organisation, channel ("" for the whole organisation) and quota.
  using excesses = std::map<std::tuple<organisation_id, std::string, quota_kind>, excess>;
  const excesses& exceeded() const { return excesses_; }
  // Hears of each, with whether it was refused.
  using listener = std::function<void(organisation_id, quota_kind, bool refused)>;
  void tell(listener hears) { hears_ = std::move(hears); }

 private:
  // What is under way for an organisation, or for one of its channels.
  struct account {
    token_bucket requests;
    std::uint64_t uploads = 0;
    std::uint64_t creating = 0;
    std::uint64_t uploading = 0;  // bytes
    bool idle() const { return uploads == 0 && creating == 0 && uploading == 0; }
  };
  using account_ptr = std::shared_ptr<account>;
  struct side {
    quota_limits limits;
    account_ptr of;
    bool channel = false;
    std::optional<stored_usage> stored;
  };
  std::optional<quota_refusal> judge(const side&, const quota_request&, time_point now,
                                     const std::string& name) const;
  void count(const tenants::organisation&, const std::string& channel, const quota_refusal&,
             bool dry_run);
  account_ptr account_of(const std::string& key);

  const clock& time_;
  quota_settings hub_;
  std::shared_ptr<quota_usage> usage_;
  std::unordered_map<std::string, account_ptr> accounts_;
  std::set<organisation_id> followed_;
  excesses excesses_;
  listener hears_;
};

// The limits that hold: those of the organisation's file, or else of hub.yaml.
quota_limits limits_of(const tenants::organisation&, const quota_settings& hub);
quota_limits limits_of(const tenants::organisation&, const tenants::channel_settings&,
                       const quota_settings& hub);

}  // namespace kp::actors
