#include "actors/reports.hpp"

#include "actors/arrivals.hpp"
#include "storage/status_rules.hpp"

namespace kp::actors {

result<bool> add_report(storage::batch& changes, const organisation_context& in,
                        storage::conversation& c,
                        const std::vector<storage::status_change>& statuses,
                        std::span<const generated_arrival> arrivals,
                        const std::optional<std::string>& reference) {
  const auto before = c.statuses;
  KP_TRY([[maybe_unused]] const auto registered,
         storage::register_statuses(changes, in.conversations, in.statuses, *in.ids, c, statuses,
                                    reference));
  bool expiry_grew = false;
  for (const auto& each : arrivals) {
    if ((c.statuses & ~before & storage::status_bit(each.comes_with)) == 0) continue;
    arrival what;
    what.via = c.via;
    what.channel = c.channel;
    what.document = each.document;
    what.sbd = each.sbd;
    KP_TRY(const auto decided, decide_generated(in, what));
    changes.include(decided.changes);
    expiry_grew = expiry_grew || decided.expiry_grew;
  }
  return expiry_grew;
}

std::chrono::microseconds with_jitter(std::chrono::microseconds delay, random_source& random) {
  const auto exact = static_cast<double>(delay.count());
  return std::chrono::microseconds(static_cast<std::int64_t>(exact * (0.9 + 0.2 * random.unit())));
}

}  // namespace kp::actors
