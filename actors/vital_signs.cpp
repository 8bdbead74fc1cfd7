#include "actors/vital_signs.hpp"

namespace kp::actors {

void vital_signs::become(phase next) {
  // Who is stopping does not become ready again.
  auto before = phase_.load();
  while (before != phase::stopping && !phase_.compare_exchange_weak(before, next)) {
  }
}

void vital_signs::keystore_opened(organisation_id of, time_point not_after) {
  const std::scoped_lock lock(mutex_);
  organisations_[of].keys = keystore{{}, not_after};
}

void vital_signs::keystore_failed(organisation_id of, std::string why) {
  const std::scoped_lock lock(mutex_);
  organisations_[of].keys = keystore{std::move(why), {}};
}

void vital_signs::polled(organisation_id of, service via, time_point at) {
  const std::scoped_lock lock(mutex_);
  organisations_[of].polls[via].succeeded = at;
}

void vital_signs::poll_failed(organisation_id of, service via, time_point at, std::string why) {
  const std::scoped_lock lock(mutex_);
  auto& poll = organisations_[of].polls[via];
  poll.failed = at;
  poll.failure = std::move(why);
}

void vital_signs::her_id_asked(organisation_id of, const std::string& which, time_point at) {
  const std::scoped_lock lock(mutex_);
  organisations_[of].her_ids[which].succeeded = at;
}

void vital_signs::her_id_failed(organisation_id of, const std::string& which, time_point at,
                                std::string why) {
  const std::scoped_lock lock(mutex_);
  auto& last = organisations_[of].her_ids[which];
  last.failed = at;
  last.failure = std::move(why);
}

void vital_signs::credential_works(organisation_id of, service via, const std::string& name,
                                   time_point at) {
  const std::scoped_lock lock(mutex_);
  organisations_[of].credentials[via][name].succeeded = at;
}

void vital_signs::credential_fails(organisation_id of, service via, const std::string& name,
                                   time_point at, std::string why) {
  const std::scoped_lock lock(mutex_);
  auto& known = organisations_[of].credentials[via][name];
  known.failed = at;
  known.failure = std::move(why);
}

void vital_signs::forget_credentials(organisation_id of, service via) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = organisations_.find(of); known != organisations_.end())
    known->second.credentials.erase(via);
}

void vital_signs::paused(organisation_id of, service via, pause now_is) {
  const std::scoped_lock lock(mutex_);
  if (now_is.sending || now_is.receiving)
    organisations_[of].pauses[via] = std::move(now_is);
  else if (const auto known = organisations_.find(of); known != organisations_.end())
    known->second.pauses.erase(via);
}

std::map<organisation_id, vital_signs::organisation> vital_signs::organisations() const {
  const std::scoped_lock lock(mutex_);
  return organisations_;
}

void vital_signs::called(const call& what, time_point at) {
  const std::scoped_lock lock(mutex_);
  calls_[what].succeeded = at;
}

void vital_signs::call_failed(const call& what, time_point at, std::string why) {
  const std::scoped_lock lock(mutex_);
  auto& last = calls_[what];
  last.failed = at;
  last.failure = std::move(why);
}

std::map<vital_signs::call, vital_signs::outcome> vital_signs::calls() const {
  const std::scoped_lock lock(mutex_);
  return calls_;
}

void vital_signs::store_failed(std::optional<std::string> why) {
  const std::scoped_lock lock(mutex_);
  store_failure_ = std::move(why);
}

std::optional<std::string> vital_signs::store_failure() const {
  const std::scoped_lock lock(mutex_);
  return store_failure_;
}

std::shared_ptr<vital_signs> make_vital_signs() {
  return std::make_shared<vital_signs>();
}

}  // namespace kp::actors
