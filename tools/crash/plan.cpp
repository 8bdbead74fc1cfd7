#include "tools/crash/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kp::crash {

namespace {

constexpr unsigned letters_per_channel = 3;
constexpr std::size_t kilobyte = 1024;

struct named_point {
  const char* name;
  unsigned most;  // how often it is passed in a round, about
};
constexpr named_point points[]{
    {"before-sync", 60},
    {"after-sync", 60},
    {"in-blob", 10},
    {"blob-before-rename", 5},
    {"blob-without-record", 5},
    {"record-gone-before-blob", 4},
    {"sent-before-commit", 8},
    {"downloaded-before-store", 8},
    {"stored-before-confirm", 8},
    {"confirmed-before-forgotten", 8},
    {"recovering", 3},
    {"opening", 1},
    {"seat-moving", 4},
    {"seat-moved", 4},
    {"messages-following-seat", 4},
    {"organisation-leaving", 2},
    {"organisation-left", 2},
};

constexpr fault_plan dpo_faults[]{
    {"initialize", "status", 500, 0},   {"initialize", "status", 429, 0},
    {"initialize", "cut", 0, 0},        {"upload", "cut_after", 0, 0},
    {"upload", "reset_mid_body", 0, 0}, {"search", "status", 503, 0},
    {"search", "malformed_json", 0, 0}, {"overview", "status", 500, 0},
    {"download", "truncate", 0, 0},     {"download", "cut", 0, 0},
    {"confirm", "status", 503, 0},      {"confirm", "cut_after", 0, 0},
};
constexpr fault_plan other_faults[]{
    {"correspondence_upload", "status", 503, 0},
    {"correspondence_upload", "cut_after", 0, 0},
    {"svarut_send", "status", 503, 0},
    {"svarut_send", "cut_after", 0, 0},
    {"svarinn_list", "status", 503, 0},
    {"svarinn_receipt", "cut_after", 0, 0},
    {"service_bus_send", "status", 503, 0},
    {"service_bus_receive", "status", 503, 0},
    {"dpi_send", "status", 503, 0},
    {"dpi_inbox", "status", 503, 0},
    {"dph_send", "status", 503, 0},
    {"dph_read", "status", 503, 0},
};

std::size_t size_of_attachment(dice& d) {
  const auto kind = d.below(10);
  if (kind < 6) return 1 + d.below(8 * kilobyte);
  if (kind < 9) return 60 * kilobyte + d.below(260 * kilobyte);  // around what lies in files
  return 1000 * kilobyte + d.below(1000 * kilobyte);
}

// How a client goes about it.
letter_plan make_manner(dice& d, std::size_t from) {
  letter_plan plan;
  plan.from = from;
  plan.multipart = d.chance(30);
  plan.keyed = d.chance(40);
  // Without a key nobody could tell whether a create that was not answered has made something.
  plan.own_id = plan.multipart || !plan.keyed || d.chance(50);
  plan.again = plan.keyed && d.chance(30);
  plan.removed = !plan.multipart && d.chance(15);
  plan.seed = d.next();
  return plan;
}

letter_plan make_letter(dice& d, std::size_t from) {
  auto plan = make_manner(d, from);
  plan.to = (channels[from].owner + 1 + d.below(over_dpo - 1)) % over_dpo;
  const auto attachments = 1 + d.below(2);
  for (std::size_t i = 0; i < attachments; ++i) plan.sizes.push_back(size_of_attachment(d));
  plan.receipt = d.chance(25);
  return plan;
}

constexpr service beside_dpo[]{service::dpv, service::dpf, service::dpe, service::dpi,
                               service::dph};

letter_plan make_letter_beside_dpo(dice& d, std::size_t from) {
  auto plan = make_manner(d, from);
  const auto owner = channels[from].owner;
  plan.via = beside_dpo[d.below(std::size(beside_dpo))];
  // Those of DPF go to the other organisation that has it; the others leave this hub.
  plan.to = plan.via == service::dpf
                ? over_dpo + (owner - over_dpo + 1) % (organisations.size() - over_dpo)
                : owner;
  plan.sizes = {plan.via == service::dph || plan.via == service::dpe ? 1 + d.below(8 * kilobyte)
                                                                     : size_of_attachment(d)};
  return plan;
}

letter_plan make_incoming(dice& d, std::size_t from) {
  letter_plan plan;
  plan.incoming = true;
  plan.via = d.chance(50) ? service::dpe : service::dph;
  plan.from = from;
  plan.to = channels[from].owner;
  plan.again = plan.via == service::dpe && d.chance(30);
  plan.sizes = {1 + d.below(8 * kilobyte)};
  plan.seed = d.next();
  return plan;
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood 2014).
round_plan make_round(std::uint64_t seed, unsigned round, bool faults) {
  dice d(dice(seed).next() + round);
  round_plan plan;
  for (std::size_t from = 0; from < channels.size(); ++from) {
    const bool dpo = !channels[from].beside_dpo();
    for (unsigned i = 0; i < letters_per_channel; ++i)
      plan.letters.push_back(dpo ? make_letter(d, from) : make_letter_beside_dpo(d, from));
    if (!dpo) plan.letters.push_back(make_incoming(d, from));
  }
  plan.kill.after_calls = static_cast<unsigned>(1 + d.below(60));
  plan.kill.pause = std::chrono::microseconds(d.below(30'000));
  if (d.chance(25)) plan.kill.while_starting = std::chrono::milliseconds(1 + d.below(400));
  const auto& point = points[d.below(std::size(points))];
  const auto nth = static_cast<unsigned>(1 + d.below(point.most));
  if (d.chance(60)) {
    plan.kill.point = point.name;
    plan.kill.nth = nth;
  }
  for (auto n = faults ? d.below(3) : 0; n > 0; --n) {
    const bool dpo = d.chance(50);
    auto fault = dpo ? dpo_faults[d.below(std::size(dpo_faults))]
                     : other_faults[d.below(std::size(other_faults))];
    fault.organisation =
        dpo ? d.below(over_dpo) : over_dpo + d.below(organisations.size() - over_dpo);
    plan.faults.push_back(fault);
  }
  return plan;
}

std::string to_text(const letter_plan& plan) {
  if (plan.incoming)
    return fmt::format("from outside to {} over {}{}, {} bytes", channels[plan.from].name,
                       to_string(plan.via), plan.again ? ", twice" : "",
                       fmt::join(plan.sizes, " and "));
  return fmt::format("{} {} {} over {}, {}{}{}{}{}, attachments of {} bytes",
                     channels[plan.from].name, plan.to == channels[plan.from].owner ? "of" : "to",
                     organisations[plan.to].name, to_string(plan.via),
                     plan.multipart ? "multipart" : "in steps", plan.keyed ? ", with a key" : "",
                     plan.own_id ? "" : ", id by the hub", plan.again ? ", create repeated" : "",
                     plan.removed   ? ", then removed"
                     : plan.receipt ? ", then receipted"
                                    : "",
                     fmt::join(plan.sizes, " and "));
}

std::string to_text(const round_plan& plan) {
  std::string text;
  for (const auto& letter : plan.letters) text += "  " + to_text(letter) + "\n";
  for (const auto& fault : plan.faults)
    text += fmt::format("  {} fails for {}: {}{}\n", fault.endpoint,
                        organisations[fault.organisation].name, fault.kind,
                        fault.status ? fmt::format(" {}", fault.status) : "");
  text += plan.kill.point.empty() ? fmt::format("  killed {} us after call {}",
                                                plan.kill.pause.count(), plan.kill.after_calls)
                                  : fmt::format("  dies at {}, when it comes there the {}. time",
                                                plan.kill.point, plan.kill.nth);
  if (plan.kill.while_starting.count() > 0)
    text += fmt::format(", again {} ms after its start", plan.kill.while_starting.count());
  return text + "\n";
}

}  // namespace kp::crash
