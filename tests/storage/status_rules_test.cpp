#include "storage/status_rules.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

using namespace kp;
using namespace kp::storage;

namespace {

const std::vector<service> services{service::dpo, service::dpv, service::dpi,   service::dpf,
                                    service::dpe, service::dph, service::dpfio, service::unknown};

std::vector<status_name> all_names() {
  std::vector<status_name> all;
  for (std::uint8_t n = 0; n <= static_cast<std::uint8_t>(status_name::innkommende_levert); ++n)
    all.push_back(status_name{n});
  return all;
}

bool has(std::uint32_t statuses, status_name name) {
  return (statuses & status_bit(name)) != 0;
}

struct attempts {
  service via;
  direction way;
  const char* tried;
  const char* registered;
  bool pollable;
};

// Tries each in turn; what was registered.
std::string registered_of(const attempts& a, conversation& c) {
  c.via = a.via;
  c.way = a.way;
  std::string all;
  std::istringstream names(a.tried);
  for (std::string text; names >> text;) {
    const auto name = *parse_status_name(text);
    if (!may_register(c, name)) continue;
    c.statuses |= status_bit(name);
    c.pollable = pollable_after(c, name);
    all += (all.empty() ? "" : " ") + text;
  }
  return all;
}

}  // namespace

// rest-api.md 12.3, and what networks make of it: twice, late, and in the wrong order.
TEST(status_rules, let_each_service_go_its_way_and_no_other) {
  constexpr auto out = direction::outgoing;
  constexpr auto in = direction::incoming;
  const std::vector<attempts> table{
      // DPO: statuses of the peer, then a receipt of success or of failure.
      {service::dpo, out, "OPPRETTET SENDT MOTTATT LEVERT LEST",
       "OPPRETTET SENDT MOTTATT LEVERT LEST", false},
      {service::dpo, out, "OPPRETTET SENDT MOTTATT LEVERT FEIL",
       "OPPRETTET SENDT MOTTATT LEVERT FEIL", false},
      {service::dpo, out, "OPPRETTET SENDT LEVERT MOTTATT", "OPPRETTET SENDT LEVERT", false},
      {service::dpo, out, "OPPRETTET SENDT LEST LEVERT MOTTATT FEIL", "OPPRETTET SENDT LEST",
       false},
      {service::dpo, out, "OPPRETTET SENDT SENDT MOTTATT MOTTATT", "OPPRETTET SENDT MOTTATT",
       false},
      {service::dpo, out, "OPPRETTET SENDT LEVETID_UTLOPT MOTTATT LEVERT LEST",
       "OPPRETTET SENDT LEVETID_UTLOPT LEVERT LEST", false},
      {service::dpo, out, "OPPRETTET SENDT LEVERT LEVETID_UTLOPT", "OPPRETTET SENDT LEVERT", false},
      {service::dpo, out, "OPPRETTET FEIL SENDT MOTTATT LEVERT LEST LEVETID_UTLOPT ANNET",
       "OPPRETTET FEIL", false},
      {service::dpo, out, "OPPRETTET MOTTATT SENDT LEVERT", "OPPRETTET MOTTATT LEVERT", false},
      {service::dpo, out, "OPPRETTET SENDT ANNET MOTTATT LEVERT",
       "OPPRETTET SENDT ANNET MOTTATT LEVERT", false},
      // DPE: no receipts.
      {service::dpe, out, "OPPRETTET SENDT MOTTATT LEVERT LEST FEIL",
       "OPPRETTET SENDT MOTTATT LEVERT", false},
      {service::dpe, out, "OPPRETTET SENDT LEST MOTTATT LEVETID_UTLOPT LEVERT",
       "OPPRETTET SENDT MOTTATT LEVETID_UTLOPT LEVERT", false},
      // DPF: delivered at hand-over; read, or lost.
      {service::dpf, out, "OPPRETTET SENDT LEVERT", "OPPRETTET SENDT LEVERT", true},
      {service::dpf, out, "OPPRETTET SENDT LEVERT LEST FEIL", "OPPRETTET SENDT LEVERT LEST", false},
      {service::dpf, out, "OPPRETTET SENDT MOTTATT LEVERT FEIL LEST", "OPPRETTET SENDT LEVERT FEIL",
       false},
      {service::dpf, out, "OPPRETTET SENDT LEVERT ANNET LEST", "OPPRETTET SENDT LEVERT ANNET LEST",
       false},
      // DPFIO: all at once, and FIKS may take it back.
      {service::dpfio, out, "OPPRETTET SENDT MOTTATT LEVERT", "OPPRETTET SENDT MOTTATT LEVERT",
       false},
      {service::dpfio, out, "OPPRETTET SENDT MOTTATT LEVERT LEVETID_UTLOPT LEST",
       "OPPRETTET SENDT MOTTATT LEVERT LEVETID_UTLOPT", false},
      {service::dpfio, out, "OPPRETTET SENDT MOTTATT LEVERT FEIL LEVETID_UTLOPT",
       "OPPRETTET SENDT MOTTATT LEVERT FEIL", false},
      // DPV: published, read; purged while it lay there. It knows no MOTTATT.
      {service::dpv, out, "OPPRETTET SENDT MOTTATT LEVERT", "OPPRETTET SENDT LEVERT", true},
      {service::dpv, out, "OPPRETTET SENDT LEVERT LEST ANNET", "OPPRETTET SENDT LEVERT LEST",
       false},
      {service::dpv, out, "OPPRETTET SENDT LEVERT ANNET FEIL", "OPPRETTET SENDT LEVERT ANNET",
       true},
      {service::dpv, out, "OPPRETTET SENDT LEVETID_UTLOPT LEVERT LEST",
       "OPPRETTET SENDT LEVETID_UTLOPT LEVERT LEST", false},
      {service::dpv, out, "OPPRETTET FEIL SENDT", "OPPRETTET FEIL", false},
      // DPI: a failed notification does not undo the letter; print may come back.
      {service::dpi, out, "OPPRETTET SENDT", "OPPRETTET SENDT", true},
      {service::dpi, out, "OPPRETTET SENDT MOTTATT LEVERT LEST",
       "OPPRETTET SENDT MOTTATT LEVERT LEST", false},
      {service::dpi, out, "OPPRETTET SENDT MOTTATT FEIL LEVERT LEST",
       "OPPRETTET SENDT MOTTATT FEIL LEVERT LEST", false},
      {service::dpi, out, "OPPRETTET SENDT LEVERT MOTTATT FEIL ANNET",
       "OPPRETTET SENDT LEVERT FEIL", false},
      {service::dpi, out, "OPPRETTET SENDT MOTTATT LEVERT ANNET LEST",
       "OPPRETTET SENDT MOTTATT LEVERT ANNET LEST", false},
      // DPH: the application receipt is the last word.
      {service::dph, out, "OPPRETTET SENDT MOTTATT", "OPPRETTET SENDT MOTTATT", true},
      {service::dph, out, "OPPRETTET SENDT LEVERT MOTTATT LEST FEIL", "OPPRETTET SENDT LEVERT",
       false},
      {service::dph, out, "OPPRETTET SENDT MOTTATT FEIL LEVERT", "OPPRETTET SENDT MOTTATT FEIL",
       false},
      {service::dph, out, "OPPRETTET SENDT LEVETID_UTLOPT LEVERT",
       "OPPRETTET SENDT LEVETID_UTLOPT LEVERT", false},
      // A message of a channel to itself goes both ways in one conversation (12.5).
      {service::dpo, out,
       "OPPRETTET SENDT INNKOMMENDE_MOTTATT MOTTATT INNKOMMENDE_LEVERT LEVERT LEST",
       "OPPRETTET SENDT INNKOMMENDE_MOTTATT MOTTATT INNKOMMENDE_LEVERT LEVERT LEST", false},
      {service::dpo, out, "OPPRETTET SENDT LEVETID_UTLOPT INNKOMMENDE_MOTTATT",
       "OPPRETTET SENDT LEVETID_UTLOPT", false},
      // What arrives, the same over every service.
      {service::dpo, in, "OPPRETTET INNKOMMENDE_MOTTATT INNKOMMENDE_LEVERT FEIL LEVETID_UTLOPT",
       "OPPRETTET INNKOMMENDE_MOTTATT INNKOMMENDE_LEVERT", false},
      {service::dpf, in, "OPPRETTET INNKOMMENDE_MOTTATT FEIL INNKOMMENDE_LEVERT",
       "OPPRETTET INNKOMMENDE_MOTTATT FEIL", false},
      {service::dpe, in, "OPPRETTET LEVETID_UTLOPT INNKOMMENDE_MOTTATT INNKOMMENDE_LEVERT",
       "OPPRETTET LEVETID_UTLOPT", false},
      {service::dph, in, "OPPRETTET SENDT MOTTATT LEVERT LEST ANNET INNKOMMENDE_MOTTATT",
       "OPPRETTET INNKOMMENDE_MOTTATT", false},
  };
  for (const auto& each : table) {
    conversation c;
    EXPECT_EQ(registered_of(each, c), each.registered) << to_string(each.via) << ": " << each.tried;
    EXPECT_EQ(c.pollable, each.pollable) << to_string(each.via) << ": " << each.tried;
  }
}

// Every state that any order of attempts can lead to, for every service and direction.
TEST(status_rules, never_go_back_whatever_comes_in_whatever_order) {
  using enum status_name;
  const std::vector<status_name> way{opprettet, sendt, mottatt, levert, lest};
  for (const auto via : services) {
    for (const auto direction : {direction::outgoing, direction::incoming}) {
      std::set<std::uint32_t> seen{0}, fresh{0};
      while (!fresh.empty()) {
        conversation c;
        c.via = via;
        c.way = direction;
        c.statuses = *fresh.begin();
        fresh.erase(fresh.begin());
        for (const auto next : all_names()) {
          if (!may_register(c, next)) continue;
          const auto what =
              fmt::format("{} to {} from {:b}", to_string(via), to_string(next), c.statuses);
          EXPECT_FALSE(has(c.statuses, next)) << what;
          // Nothing on the way that a later step has overtaken.
          const auto at = std::ranges::find(way, next);
          if (at != way.end()) {
            for (auto later = at + 1; later != way.end(); ++later)
              EXPECT_FALSE(has(c.statuses, *later)) << what;
          }
          // After an end only what 12 knows.
          if (has(c.statuses, lest))
            EXPECT_TRUE(next == innkommende_mottatt || next == innkommende_levert) << what;
          if (has(c.statuses, feil))
            EXPECT_TRUE(via == service::dpi && (next == levert || next == lest)) << what;
          if (has(c.statuses, levetid_utlopt))
            EXPECT_TRUE(next == levert || next == lest || next == feil) << what;
          if (has(c.statuses, innkommende_levert))
            EXPECT_EQ(direction, direction::outgoing) << what;
          if (seen.insert(c.statuses | status_bit(next)).second)
            fresh.insert(c.statuses | status_bit(next));
        }
      }
    }
  }
}

TEST(status_rules, finish_a_conversation_by_the_five_ends) {
  using enum status_name;
  const std::set<status_name> ends{levert, lest, feil, levetid_utlopt, innkommende_levert};
  for (const auto name : all_names()) EXPECT_EQ(finishes(name), ends.contains(name));
}

TEST(status_rules, poll_what_a_service_needs_polled_and_nothing_that_arrives) {
  using enum status_name;
  for (const auto via : services) {
    conversation c;
    c.via = via;
    const bool polled =
        via == service::dpf || via == service::dpv || via == service::dph || via == service::dpi;
    EXPECT_EQ(pollable_after(c, sendt), polled) << to_string(via);
    c.pollable = polled;
    EXPECT_EQ(pollable_after(c, mottatt), polled && via != service::dpi) << to_string(via);
    EXPECT_EQ(pollable_after(c, levert), via == service::dpf || via == service::dpv)
        << to_string(via);
    EXPECT_EQ(pollable_after(c, annet), polled) << to_string(via);
    for (const auto end : {lest, feil, levetid_utlopt})
      EXPECT_FALSE(pollable_after(c, end)) << to_string(via);
    c.pollable = false;
    c.way = direction::incoming;
    EXPECT_FALSE(pollable_after(c, sendt)) << to_string(via);
  }
}
