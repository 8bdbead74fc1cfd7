#include "tools/simulation/checks.hpp"

#include "storage/keys.hpp"
#include "storage/lease.hpp"
#include "tools/simulation/marks.hpp"
#include "tools/simulation/town.hpp"

#include <algorithm>

namespace kp::simulation {

using storage::key_builder;
using storage::record_kind;

namespace {

// Every entry of a kind.
void each_of(const world& in, std::size_t organisation, record_kind kind,
             const std::function<void(std::string_view, std::string_view)>& visit) {
  const auto begin = key_builder(id_of(organisation), kind).str();
  in.kept.store
      ->scan(begin, storage::prefix_end(begin), storage::scan_order::ascending,
             [&](auto key, auto value) {
               visit(key.substr(begin.size()), value);
               return true;
             })
      .value();
}

std::size_t count(const world& in, std::size_t organisation, record_kind kind) {
  std::size_t found = 0;
  each_of(in, organisation, kind, [&](auto, auto) { ++found; });
  return found;
}

int rank(const std::string& status) {
  constexpr std::array order{"OPPRETTET", "SENDT", "MOTTATT", "LEVERT", "LEST"};
  const auto found = std::ranges::find(order, status);
  return found == order.end() ? -1 : static_cast<int>(found - order.begin());
}

bool has(const letter& l, const char* status) {
  return std::ranges::find(l.statuses, status) != l.statuses.end();
}

// What the store says about a letter's way out.
std::vector<storage::status> stored_statuses(const world& in, const letter& l) {
  const storage::conversations all(*in.kept.store, id_of(l.from));
  const auto c = all.find(direction::outgoing, *message_id::parse(l.id)).value();
  if (!c) return {};
  return storage::statuses(*in.kept.store, id_of(l.from)).of_conversation(*c).value();
}

bool arrived(const world& in, const letter& l) {
  const storage::conversations all(*in.kept.store, id_of(l.to));
  return all.find(direction::incoming, *message_id::parse(l.id)).value().has_value();
}

void check_letter(world& in, letter& l) {
  l.statuses.clear();
  for (const auto& each : stored_statuses(in, l)) l.statuses.emplace_back(to_string(each.name));
  const auto finding = [&](std::string_view what) {
    in.on.finding("{} ({} to {}, accepted {} times, now {}): {}", l.id, l.from, l.to, l.accepted,
                  fmt::join(l.statuses, " "), what);
  };
  if (l.created && l.statuses.empty()) return finding("created, and there is nothing of it");
  if (l.removed && l.accepted > 0) finding("removed, and given to the national service");
  if (has(l, "SENDT") && l.accepted == 0) finding("SENDT, and the national service has it not");
  if (l.accepted > 0 && !arrived(in, l)) finding("it never arrived");
  // SENDT is passed over when an answer of the receiver was faster than the national service's.
  const bool ended = has(l, "SENDT") || has(l, "MOTTATT") || has(l, "LEVERT") || has(l, "LEST") ||
                     (has(l, "FEIL") && l.refused) ||
                     (has(l, "LEVETID_UTLOPT") && in.on.now() >= l.expires);
  if (l.sent && !ended) finding("its sending was acknowledged, and it has no end");
  if ((has(l, "MOTTATT") || has(l, "LEVERT")) && l.accepted == 0)
    finding("answered without having been sent");
  if (has(l, "LEVERT") && !l.delete_tried) finding("LEVERT, and nobody has taken it");
  const bool delivered = l.deleted > 0 && !l.refused && !l.status_refused && !l.about;
  if (delivered && !has(l, "LEVERT") && !has(l, "LEST")) finding("delivered, and not LEVERT");
}

// All that happened to what the channel sent, since the subscription was acknowledged.
void check_hook(world& in, const hook& h) {
  if (!h.made || h.remove_tried) return;
  for (const auto& [id, l] : in.all.letters) {
    if (l.from != h.organisation || l.channel != h.channel) continue;
    const auto heard = h.statuses.find(id);
    for (const auto& each : stored_statuses(in, l)) {
      const std::string name(to_string(each.name));
      if (each.last_update <= *h.made) continue;
      if (heard == h.statuses.end() || !heard->second.contains(name))
        in.on.finding("{} has never heard of {} {}", h.url, id, name);
    }
  }
}

void check_store(world& in, std::size_t organisation) {
  const auto none = [&](record_kind kind, const char* what) {
    if (const auto left = count(in, organisation, kind))
      in.on.finding("{} has {} {} left", organisation, left, what);
  };
  none(record_kind::outbox_item, "outbox items");
  none(record_kind::outbox_due, "due times");
  none(record_kind::outbox_by_message, "outbox items by message");
  none(record_kind::inbound_message, "inbound messages");
  none(record_kind::inbound_queue, "places in inbound queues");
  none(record_kind::inbound_lock, "peek locks");
  none(record_kind::inbound_lock_expiry, "ends of peek locks");
  none(record_kind::inbound_listing, "places in lists");
  none(record_kind::transfer, "transfers under way");
  none(record_kind::webhook_parked, "webhook events that wait");
  none(record_kind::webhook_dead, "dead letters of webhooks");
  none(record_kind::seat_followers, "messages that follow a seat");

  // What is stored is what letters that have not been sent still have.
  std::set<std::string> used;
  const storage::outgoing_messages out(*in.kept.store, id_of(organisation));
  for (const auto& [id, l] : in.all.letters)
    if (l.from == organisation)
      if (const auto m = out.find(*message_id::parse(id)).value())
        for (const auto& file : m->files) used.insert(file.content.id);
  each_of(in, organisation, record_kind::blob, [&](std::string_view id, auto) {
    if (!used.erase(std::string(id)))
      in.on.finding("{} keeps content {} that nothing uses", organisation, id);
    if (!in.kept.files.contains(std::string(id)))
      in.on.finding("{} has lost content {}", organisation, id);
  });
  for (const auto& id : used) in.on.finding("{} has no record of content {}", organisation, id);
}

}  // namespace

void check_statuses(stage& on, letter& l, const std::vector<std::string>& now, time_point asked) {
  const auto& known = l.statuses;
  const auto shorter = std::min(known.size(), now.size());
  if (!std::equal(now.begin(), now.begin() + static_cast<std::ptrdiff_t>(shorter), known.begin()))
    on.finding("{} has {} after {}", l.id, fmt::join(now, " "), fmt::join(known, " "));
  if (asked >= l.statuses_seen && now.size() < known.size())
    on.finding("{} has {} after {}", l.id, fmt::join(now, " "), fmt::join(known, " "));
  int reached = -1;
  for (const auto& each : now) {
    const auto next = rank(each);
    if (next >= 0 && next <= reached) on.finding("{} goes back: {}", l.id, fmt::join(now, " "));
    reached = std::max(reached, next);
  }
  if (std::ranges::find(now, "SENDT") != now.end() && l.accepted == 0)
    on.finding("{} is SENDT, and the national service has it not", l.id);
  if (now.size() < known.size()) return;
  l.statuses = now;
  l.statuses_seen = on.now();
}

void check_fences(world& in, std::size_t organisation) {
  for (const auto kind :
       {record_kind::inbound_lock, record_kind::inbound_seat, record_kind::outbox_claim})
    each_of(in, organisation, kind, [&](std::string_view key, std::string_view value) {
      const auto lease = storage::decode_lease(value).value();
      auto& last =
          in.all.fences[fmt::format("{} {} {}", organisation, static_cast<int>(kind), key)];
      if (lease.fence < last)
        in.on.finding("a fence of {} falls from {} to {}", organisation, last, lease.fence);
      last = lease.fence;
    });
}

void check_marks(world& in, std::size_t organisation) {
  const auto id = id_of(organisation);
  in.kept.store
      ->scan(storage::organisation_begin(id), storage::organisation_end(id),
             storage::scan_order::ascending,
             [&](auto key, auto value) {
               for (const auto& bytes : {key, value})
                 if (const auto mark = foreign_mark(bytes, organisation))
                   in.on.finding("a record of {} has mark {}", organisation, *mark);
               return true;
             })
      .value();
}

std::vector<std::string> unsettled(world& in) {
  auto all = in.national.unconfirmed();
  for (auto& each : all) each = "not confirmed: " + each;
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    if (const auto n = count(in, i, record_kind::outbox_item))
      all.push_back(fmt::format("{} items in the outbox of {}", n, i));
    if (const auto n = count(in, i, record_kind::inbound_message))
      all.push_back(fmt::format("{} messages in the inbox of {}", n, i));
    if (const auto n = count(in, i, record_kind::transfer))
      all.push_back(fmt::format("{} transfers to {} under way", n, i));
    if (const auto n = count(in, i, record_kind::webhook_parked))
      all.push_back(fmt::format("{} webhook events of {} wait", n, i));
    if (const auto n = count(in, i, record_kind::seat_followers))
      all.push_back(fmt::format("{} channels of {} whose messages follow a seat", n, i));
  }
  return all;
}

void check_end(world& in) {
  for (auto& [id, l] : in.all.letters) check_letter(in, l);
  for (const auto& [url, h] : in.all.hooks) check_hook(in, h);
  for (std::size_t i = 0; i < organisations.size(); ++i) {
    check_store(in, i);
    check_fences(in, i);
    check_marks(in, i);
  }
}

}  // namespace kp::simulation
