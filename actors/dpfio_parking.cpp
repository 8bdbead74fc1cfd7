#include "actors/dpfio_parking.hpp"

#include "config/log.hpp"
#include "config/text.hpp"
#include "metrics/hub_meters.hpp"
#include "protocol/crypto/digest.hpp"
#include "storage/alerts.hpp"
#include "storage/parked_deliveries.hpp"
#include "storage/storage_error.hpp"

#include <boost/json.hpp>

namespace kp::actors {

namespace {

// Operators are told with the commit that parks it: of as many as may be parked, so of a bounded
// number.
void tell_of_parked(const organisation_context& in, const storage::parked_delivery& kept,
                    storage::batch& with) {
  const auto& wanted = in.hub->settings.alerts;
  if (!wanted.parked || !wanted.tells_anybody()) return;
  storage::alert made;
  made.kind = storage::alert_kind::parked;
  made.at = kept.at;
  made.organisation = in.id();
  made.via = service::dpfio;
  made.way = direction::incoming;
  made.count = 1;
  made.messages = {kept.id};
  made.description = mask_person_numbers(kept.reason);
  storage::alerts::append(with, made);
}

void count_parked(const organisation_context& in) {
  auto& meters = *in.hub->meters;
  meters.arrivals
      .with({{"organisation", meters.organisations.of(in.id())},
             {"service", std::string(to_string(service::dpfio))},
             {"fate", "parked"}})
      .add();
  if (in.hub->settings.alerts.parked)
    meters.alerts.with({{"kind", std::string(to_string(storage::alert_kind::parked))}}).add();
}

}  // namespace

result<void> park_delivery(const organisation_context& in, const dpfio_letterbox::held& what,
                           const std::string& reason) {
  const storage::parked_deliveries parked(in.hub->store, in.id());
  boost::json::object headers;
  for (const auto& [name, value] : what.raw.headers)
    headers[is_utf8(name) ? name : to_hex(name)] = is_utf8(value) ? value : to_hex(value);
  storage::parked_delivery kept;
  kept.account = what.account;
  kept.headers = boost::json::serialize(headers);
  kept.reason = reason;
  kept.at = in.hub->time.now();
  crypto::digest all(crypto::digest_algorithm::sha256);
  all.update(kept.account);
  all.update(kept.headers);
  storage::batch changes;
  std::unique_ptr<storage::blobs::writer> blob;
  if (what.raw.body) {
    KP_TRY(blob, in.hub->blobs.create(in.id(), in.hub->commit_from_worker));
    sequential_source body(what.raw.body);
    std::string chunk(stream_chunk, '\0');
    for (;;) {
      KP_TRY(const auto count, body.read(chunk));
      if (count == 0) break;
      const auto piece = std::string_view(chunk).substr(0, count);
      all.update(piece);
      KP_CHECK(blob->write(piece));
    }
  }
  kept.id = to_hex(all.finish());
  KP_TRY(const auto before, parked.find(kept.id));
  if (before) return {};  // `blob` removes what it wrote
  KP_TRY(const auto others, parked.all());
  if (others.size() >= storage::parked_deliveries::most)
    return transient(storage::storage_errc::io,
                     "too many deliveries of FIKS IO are parked; have an operator look at them");
  if (blob) {
    KP_TRY(kept.body, blob->complete(changes));
  }
  parked.put(changes, kept);
  tell_of_parked(in, kept, changes);
  KP_CHECK(in.hub->commit_from_worker(std::move(changes)));
  count_parked(in);
  log(log_level::error, "a delivery of FIKS IO is no message and is parked",
      {{"organisation", in.id().to_string()},
       {"service", "DPFIO"},
       {"account", kept.account},
       {"parked", kept.id},
       {"detail", reason}});
  return {};
}

}  // namespace kp::actors
