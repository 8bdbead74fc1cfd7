#include "tools/sandbox/fiks_broker.hpp"

#include "config/log.hpp"
#include "config/random.hpp"
#include "tools/sandbox/fiks_session.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <atomic>
#include <thread>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view dead_queue = "simulator.dead";
constexpr std::chrono::milliseconds between_looks{200};
constexpr std::chrono::seconds after_trouble{2};

// What the sender of a message is told that the broker has given up; nullopt: nothing.
std::optional<fiks_delivery> notice_about(const fiks_delivery& dead, random_source& random) {
  const auto reason = text_at(dead.headers, "x-first-death-reason");
  const auto sender = text_at(dead.headers, "avsender-id");
  std::string type;
  if (reason == "expired") type = "no.ks.fiks.kvittering.tidsavbrudd";
  if (reason == "delivery_limit") type = "no.ks.fiks.kvittering.serverfeil.v1";
  if (type.empty() || sender.empty()) return std::nullopt;
  fiks_delivery out;
  out.queue = fiks_queue_of(sender);
  out.headers = {{"melding-id", random.uuid()},
                 {"type", type},
                 {"avsender-id", sender},
                 {"svar-til", text_at(dead.headers, "melding-id")},
                 {"svar-til-type", text_at(dead.headers, "type")}};
  return out;
}

}  // namespace

std::string fiks_queue_of(std::string_view account) {
  return "fiksio.konto." + std::string(account);
}

class fiks_broker::session : public fiks_session {
 public:
  using fiks_session::fiks_session;
};

// Takes what the broker gives up.
class fiks_broker::undertaker {
 public:
  explicit undertaker(std::string url) : thread_([this, where = std::move(url)] { run(where); }) {}
  ~undertaker() {
    stopping_ = true;
    thread_.join();
  }

 private:
  void run(const std::string& url) {
    const auto random = make_secure_random();
    while (!stopping_) {
      fiks_session own;
      auto done = own.open(url);
      while (done && !stopping_) done = look(own, *random);
      if (!done && !stopping_)
        log(log_level::warning, "the broker of FIKS IO: " + done.error().message);
      for (auto left = after_trouble; left.count() > 0 && !stopping_ && !done; left -= pause)
        std::this_thread::sleep_for(pause);
    }
  }
  result<void> look(fiks_session& own, random_source& random) {
    KP_TRY(const auto dead, own.take(std::string(dead_queue)));
    if (!dead) {
      std::this_thread::sleep_for(between_looks);
      return {};
    }
    const auto notice = notice_about(*dead, random);
    return notice ? own.publish(*notice) : result<void>{};
  }

  static constexpr std::chrono::seconds pause{1};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

fiks_broker::fiks_broker() = default;
fiks_broker::~fiks_broker() = default;

void fiks_broker::use(std::string url) {
  undertaker_.reset();
  session_.reset();
  url_ = std::move(url);
}

result<fiks_broker::session*> fiks_broker::ready() {
  if (url_.empty())
    return transient(sandbox_errc::timeout,
                     "there is no broker; give one with --amqp-url or POST /control/fiks-io");
  if (!session_) {
    auto made = std::make_unique<session>();
    KP_CHECK(made->open(url_));
    session_ = std::move(made);
    if (!undertaker_) undertaker_ = std::make_unique<undertaker>(url_);
  }
  return session_.get();
}

// A connection that has been idle may be gone: once more with another one.
template <class Work>
auto fiks_broker::with_session(Work work) -> decltype(work(std::declval<session&>())) {
  for (bool again = false;; again = true) {
    const bool had = session_ != nullptr;
    KP_TRY(auto* const own, ready());
    auto done = work(*own);
    if (done) return done;
    session_.reset();
    if (again || !had || !done.error().retryable) return done;
  }
}

result<void> fiks_broker::declare(const std::string& queue) {
  return with_session([&](session& own) { return own.declare(queue); });
}
result<void> fiks_broker::publish(const fiks_delivery& what) {
  return with_session([&](session& own) { return own.publish(what); });
}
result<fiks_queue> fiks_broker::look(const std::string& queue) {
  return with_session([&](session& own) { return own.look(queue); });
}
result<std::optional<fiks_delivery>> fiks_broker::take(const std::string& queue) {
  return with_session([&](session& own) { return own.take(queue); });
}
result<void> fiks_broker::purge(const std::string& queue) {
  return with_session([&](session& own) { return own.purge(queue); });
}

}  // namespace kp::sandbox
