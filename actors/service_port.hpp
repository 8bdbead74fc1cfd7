#pragma once

#include "actors/context.hpp"
#include "actors/messages.hpp"
#include "storage/tracking.hpp"

#include <functional>

// What connects an organisation to one message service, as its adapter sees it. The adapter
// (actors/service_adapter.hpp) decides what is sent and asked when and what is stored of it; the
// port knows the wire.

namespace kp::actors {

// A message that the hub itself makes for the inbox of the channel that has sent another one: a
// receipt that the service does not send. Stored in the same commit as the status that it comes
// with, so once.
struct generated_arrival {
  storage::status_name comes_with = storage::status_name::levert;
  std::shared_ptr<const sbd::document> document;  // with a message id of its own
  std::string sbd;
};

// ---- sending
struct sending {
  storage::outbox_item item;
  std::optional<storage::outgoing_message> message;  // absent for items of kind status
  std::shared_ptr<const organisation_context> context;
};
struct sent_item {
  std::string external_id;                            // at the service; "" when there is none
  std::string memo = {};                              // for follow()
  bool follow = false;                                // the service is to be asked how it fares
  std::vector<storage::status_change> statuses = {};  // of a message, after SENDT
  std::vector<generated_arrival> arrivals = {};
  bool is_reference = false;  // clients are shown external_id, as externalSystemReference
};

// ---- asking how sent messages fare
struct progress {
  message_id message;
  // All that the service knows of, in order; what is registered already is passed over.
  std::vector<storage::status_change> statuses = {};
  std::vector<generated_arrival> arrivals = {};
  bool ended = false;                           // there is nothing more to ask
  std::optional<error> failure = {};            // this one could not be asked; the rest is void
  std::optional<std::string> external_id = {};  // known from now on
  std::optional<std::string> memo = {};
};
// How often: every `shortest` at first, growing in a straight line to `longest` for messages as old
// as `slowest_at`; until they are as old as `give_up_after`.
struct follow_pace {
  std::chrono::seconds shortest{60};
  std::chrono::seconds longest{3600};
  std::chrono::hours slowest_at{30 * 24};
  std::chrono::hours give_up_after{180 * 24};
};
// The pause before a message of this age is asked for again.
std::chrono::microseconds follow_pause(const follow_pace&, std::chrono::microseconds age);

// ---- receiving
struct waiting {
  std::string id;                             // at the service; what has been stored is known by it
  std::optional<std::string> reference = {};  // by which its channel is found; see route_reference
  std::string sender = {};                    // as the service says it, for the log
  std::string memo = {};                      // what the port wants back with it
};
// What became of a download.
enum class fetch_verdict {
  arrived,   // `what` is ready for the channel router; its channel is not set
  discard,   // nothing that could ever be delivered: confirm it
  unusable,  // broken: not to be confirmed, worth a bounded number of further tries
  failed,    // the network, the disk or the keys were at fault: try again
};
struct fetched {
  fetch_verdict verdict = fetch_verdict::failed;
  arrival what;
  error failure;  // unless arrived
};
enum class taken {
  stored,     // it is here, durably, now or since earlier
  discarded,  // as fetch() advised
  unusable,   // given up after `tries` times; nothing else will be done with it
};

// What a service can do, and how often it is asked. A port says the same all its life.
struct port_rules {
  bool follows = false;           // follow() means something
  std::size_t follow_batch = 20;  // messages in one follow()
  follow_pace pace = {};
  bool receives = false;  // list(), fetch() and confirm() mean something
  std::chrono::seconds poll_interval{60};
  // At most, when nothing has come or gone for long (poll_pace.hpp); up to poll_interval: never.
  std::chrono::seconds quiet_poll_interval{0};
  std::uint32_t tries = 5;  // of an arrival that is broken
};

// Every operation returns at once and calls `then` exactly once, on any thread, within the
// deadlines of the clients behind it. Called from any thread. Errors: what is not retryable, except
// a refused token (http_errc::unauthorized), is final for the item; `retry_after` is respected.
class service_port {
 public:
  template <class T>
  using done = std::function<void(T)>;

  virtual ~service_port() = default;
  virtual service which() const = 0;
  virtual port_rules rules() const { return {}; }

  // One attempt. Repeating one whose answer was lost must not deliver twice where the service can
  // tell.
  virtual void send(sending what, done<result<sent_item>> then) = 0;
  // The description of FEIL when an item has failed for good.
  virtual std::string failure_text(const sending& what, const error& why) const;

  // Answers those that it was asked for, in any order; the others count as failed.
  virtual void follow(std::vector<storage::tracked> which,
                      done<result<std::vector<progress>>> then);

  // What waits at the service, oldest first, all of it or a first part.
  virtual void list(done<result<std::vector<waiting>>> then);
  // `what.via`, `transfer`, `channel` and `fence` are filled in by the caller. The content is a
  // blob whose record the arrival carries.
  virtual void fetch(waiting which, done<std::shared_ptr<fetched>> then);
  // Tells the service; it then lists it no more. May be called again for the same.
  virtual void confirm(waiting which, taken how, done<result<void>> then);
  // Another port is asked for arrivals from now on: what this one keeps from others is let go.
  virtual void stop_receiving() {}
};

// The ports of an organisation by service.
using service_ports = std::map<service, std::shared_ptr<service_port>>;

}  // namespace kp::actors
