#pragma once

#include "actors/bells.hpp"
#include "config/byte_io.hpp"
#include "config/clock.hpp"
#include "config/hub_settings.hpp"
#include "config/random.hpp"
#include "protocol/http/async.hpp"
#include "storage/blobs.hpp"
#include "storage/feed.hpp"
#include "storage/repositories.hpp"
#include "tenants/organisation.hpp"
#include "tenants/tenants_state.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <map>
#include <memory>
#include <string>

namespace kp::dpfio {
class broker_io;
}
namespace kp::http {
class client;
}
namespace kp::amqp {
class client;
}
namespace kp::metrics {
struct hub_meters;
std::shared_ptr<hub_meters> make_hub_meters(std::size_t max_organisations);
}  // namespace kp::metrics
namespace kp::registry {
class signing_keys;
}
namespace kp::revocation {
class revocation_lists;
}

// What every actor of the hub shares. References outlive all actors. No CAF here.

namespace kp::actors {

struct webhook_means;
class vital_signs;
class report_intake;
class status_tally;
struct alert_means;
std::shared_ptr<vital_signs> make_vital_signs();

struct hub_context {
  hub_settings settings;
  http::asio::io_context& network;   // one thread: sockets and every coroutine
  http::asio::thread_pool& workers;  // disk, cipher, signatures
  const clock& time;
  random_source& random;
  const storage::engine& store;  // actors read; only the store writer writes
  storage::blobs& blobs;
  spool_factory& spools;
  http::client* http = nullptr;  // network thread only
  registry::signing_keys* registry_keys = nullptr;
  storage::committer commit_from_worker;  // commits and waits; worker threads only
  std::shared_ptr<bells> feed_bells = std::make_shared<bells>();  // rung by the store writer
  std::shared_ptr<webhook_means> webhooks = nullptr;              // nullptr: no webhooks (tests)
  std::shared_ptr<metrics::hub_meters> meters = metrics::make_hub_meters(0);
  std::shared_ptr<vital_signs> signs = make_vital_signs();
  std::shared_ptr<tenants::tenants_state> tenants = std::make_shared<tenants::tenants_state>();
  std::shared_ptr<report_intake> reports = nullptr;  // nullptr: the status service is not told
  std::shared_ptr<status_tally> tally = nullptr;     // nullptr: no statistics (tests)
  std::shared_ptr<alert_means> alerts = nullptr;     // nullptr: operators are not told
  dpfio::broker_io* fiks_broker = nullptr;           // nullptr: FIKS IO is not received from
  amqp::client* amqp = nullptr;  // to the Service Bus of DPE; network thread only; nullptr: none
  revocation::revocation_lists* revoked = nullptr;  // nullptr: nobody is asked who is revoked
};

// Everything that is kept for one organisation, and who it is. Shared by its actors.
struct organisation_context {
  organisation_context(std::shared_ptr<hub_context> hub_,
                       std::shared_ptr<const tenants::organisation> settings_,
                       std::map<channel_name, channel_number> numbers_,
                       std::shared_ptr<storage::row_ids> ids_,
                       std::map<channel_number, channel_number> merged_ = {});

  std::shared_ptr<hub_context> hub;
  std::shared_ptr<const tenants::organisation> settings;
  std::map<channel_name, channel_number> numbers;   // of the channels in settings
  std::map<channel_number, channel_number> merged;  // which number took over another one's records

  std::shared_ptr<storage::row_ids> ids;
  storage::outgoing_messages messages;
  storage::inbox inbox;
  storage::conversations conversations;
  storage::statuses statuses;
  storage::channel_references references;
  storage::feed feed;
  storage::outbox outbox(service via) const;
  storage::transfers transfers(service via) const;

  const tenants::channel_settings* channel(channel_number) const;
  // The number that is used today instead of one that was written down earlier.
  channel_number current(channel_number) const;
  organisation_id id() const { return settings->id; }
};

}  // namespace kp::actors
