#pragma once

#include "actors/channel_router.hpp"
#include "actors/dpo_adapter.hpp"
#include "actors/dpo_transport.hpp"
#include "dpo_house.hpp"
#include "protocol/http/http_error.hpp"
#include "protocol/sbd/sbd_error.hpp"

#include <algorithm>
#include <deque>

namespace kp::test {

inline error outage() {
  return transient(http::http_errc::unavailable, "HTTP 503");
}
inline error refusal() {
  return permanent(http::http_errc::refused, "HTTP 400: BRO-00028");
}

// A Broker that does what a test has told it, at once or when released. A file is seen by the
// system user of its receiver alone.
class fake_dpo final : public actors::dpo_transport {
 public:
  explicit fake_dpo(const clock& time) : time_(time) {}

  // ---- sending
  struct attempt {
    actors::dpo_parcel parcel;
    time_point at;
  };
  std::vector<attempt> sent;
  std::function<std::optional<error>(const actors::dpo_parcel&)> send_answer;
  bool hold_sends = false;
  std::deque<std::function<void()>> held_sends;

  void send_parcel(actors::dpo_parcel parcel, done<result<std::string>> then) override {
    sent.push_back({parcel, time_.now()});
    auto answer = [this, parcel = std::move(parcel), then = std::move(then)] {
      const auto failure = send_answer ? send_answer(parcel) : std::nullopt;
      if (failure) return then(*failure);
      then("transfer-" + std::to_string(sent.size()));
    };
    if (hold_sends) return held_sends.push_back(std::move(answer));
    answer();
  }

  // ---- receiving
  struct file {
    std::string id;
    letter content;
    std::optional<std::string> reference{};
    std::optional<time_point> created{};
    actors::fetch_verdict verdict = actors::fetch_verdict::arrived;
    std::optional<error> overview_failure{};
    std::optional<error> confirm_failure{};
    enum class status { initialized, started, confirmed } now = status::initialized;
  };
  std::vector<file> files;  // newest last
  std::vector<std::pair<altinn::recipient_status, time_point>> searches;
  std::vector<std::string> askers;  // the system user's organisation of each search
  std::vector<std::string> overviews, fetches, confirms;
  std::size_t trespasses = 0;  // by another system user
  std::optional<error> search_failure;
  std::optional<std::string> search_fails_for;  // everybody
  bool hold_searches = false;

  file& operator[](const std::string& id) { return *std::ranges::find(files, id, &file::id); }
  std::size_t count(const std::vector<std::string>& calls, const std::string& id) const {
    return static_cast<std::size_t>(std::ranges::count(calls, id));
  }

  void search(user as, altinn::recipient_status status,
              done<result<std::vector<std::string>>> then) override {
    searches.emplace_back(status, time_.now());
    askers.push_back(as.organisation);
    if (hold_searches) return;
    if (search_failure && (!search_fails_for || search_fails_for == as.organisation))
      return then(*search_failure);
    const auto wanted = status == altinn::recipient_status::initialized ? file::status::initialized
                                                                        : file::status::started;
    std::vector<std::string> ids;
    for (auto f = files.rbegin(); f != files.rend() && ids.size() < 100; ++f)
      if (f->now == wanted && f->content.receiver == as.organisation) ids.push_back(f->id);
    then(std::move(ids));
  }
  void overview(user as, std::string id, done<result<altinn::overview>> then) override {
    overviews.push_back(id);
    const auto& f = (*this)[id];
    if (trespass(as, f)) return then(refusal());
    if (f.overview_failure) return then(*f.overview_failure);
    altinn::overview what;
    what.id = id;
    what.senders_reference = f.reference;
    what.sender = f.content.sender;
    what.created = f.created;
    then(std::move(what));
  }
  void download(user as, std::string id, done<std::shared_ptr<actors::fetched>> then) override {
    fetches.push_back(id);
    auto& f = (*this)[id];
    f.now = file::status::started;
    auto what = std::make_shared<actors::fetched>();
    what->verdict = trespass(as, f) ? actors::fetch_verdict::failed : f.verdict;
    if (what->verdict == actors::fetch_verdict::arrived) {
      what->what.document = f.content.parsed();
      what->what.sbd = f.content.text();
    } else if (what->verdict == actors::fetch_verdict::failed) {
      what->failure = outage();
    } else {
      what->failure = permanent(sbd::sbd_errc::malformed_json, "not a zip");
    }
    then(std::move(what));
  }
  void confirm_download(user as, std::string id, done<result<void>> then) override {
    confirms.push_back(id);
    auto& f = (*this)[id];
    if (trespass(as, f)) return then(refusal());
    if (f.confirm_failure) return then(*f.confirm_failure);
    f.now = file::status::confirmed;
    then({});
  }

 private:
  bool trespass(const user& as, const file& f) {
    if (f.content.receiver == as.organisation) return false;
    ++trespasses;
    return true;
  }

  const clock& time_;
};

// The adapter with its router, over a house and a fake Broker.
class dpo_adapter_test : public ::testing::Test {
 protected:
  dpo_adapter_test() : broker(std::make_shared<fake_dpo>(house.system.time())) {}

  void begin() {
    router = house.system.spawn(
        actors::channel_router,
        actors::channel_router_args{house.context, house.organisation, house.writer});
    adapter = house.system.spawn(
        actors::dpo_adapter,
        actors::service_adapter_args{house.context, broker, router, house.writer});
    house.system.run();
  }
  // The adapter dies with everything it had in mind, and another takes its place.
  void restart() {
    house.system.stop(adapter);
    house.system.stop(router);
    begin();
  }
  void pass(std::chrono::microseconds much,
            std::chrono::microseconds step = std::chrono::milliseconds(500)) {
    house.system.pass(much, step);
  }

  dpo_house house;
  std::shared_ptr<fake_dpo> broker;
  caf::actor router, adapter;
};

}  // namespace kp::test
