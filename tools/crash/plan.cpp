#include "tools/crash/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kp::crash {

namespace {

constexpr unsigned letters_per_channel = 3;
constexpr std::size_t kilobyte = 1024;

std::size_t size_of_attachment(dice& d) {
  const auto kind = d.below(10);
  if (kind < 6) return 1 + d.below(8 * kilobyte);
  if (kind < 9) return 60 * kilobyte + d.below(260 * kilobyte);  // around what lies in files
  return 1000 * kilobyte + d.below(1000 * kilobyte);
}

letter_plan make_letter(dice& d, std::size_t from) {
  letter_plan plan;
  plan.from = from;
  plan.to = (channels[from].owner + 1 + d.below(organisations.size() - 1)) % organisations.size();
  plan.multipart = d.chance(30);
  plan.keyed = d.chance(40);
  // Without a key nobody could tell whether a create that was not answered has made something.
  plan.own_id = plan.multipart || !plan.keyed || d.chance(50);
  plan.again = plan.keyed && d.chance(30);
  plan.removed = !plan.multipart && d.chance(15);
  const auto attachments = 1 + d.below(2);
  for (std::size_t i = 0; i < attachments; ++i) plan.sizes.push_back(size_of_attachment(d));
  plan.seed = d.next();
  return plan;
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t dice::next() {
  auto z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::string dice::bytes(std::size_t count) {
  std::string out(count, '\0');
  for (auto& each : out) each = static_cast<char>(next() & 0xff);
  return out;
}

std::string dice::hex(std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += "0123456789abcdef"[below(16)];
  return out;
}

round_plan make_round(std::uint64_t seed, unsigned round) {
  dice d(dice(seed).next() + round);
  round_plan plan;
  for (std::size_t from = 0; from < channels.size(); ++from)
    for (unsigned i = 0; i < letters_per_channel; ++i) plan.letters.push_back(make_letter(d, from));
  plan.kill.after_calls = static_cast<unsigned>(1 + d.below(60));
  plan.kill.pause = std::chrono::microseconds(d.below(30'000));
  if (d.chance(25)) plan.kill.while_starting = std::chrono::milliseconds(1 + d.below(400));
  return plan;
}

std::string to_text(const letter_plan& plan) {
  return fmt::format("{} to {}, {}{}{}{}{}, attachments of {} bytes", channels[plan.from].name,
                     organisations[plan.to].name, plan.multipart ? "multipart" : "in steps",
                     plan.keyed ? ", with a key" : "", plan.own_id ? "" : ", id by the hub",
                     plan.again ? ", create repeated" : "", plan.removed ? ", then removed" : "",
                     fmt::join(plan.sizes, " and "));
}

std::string to_text(const round_plan& plan) {
  std::string text;
  for (const auto& letter : plan.letters) text += "  " + to_text(letter) + "\n";
  text +=
      fmt::format("  killed {} us after call {}", plan.kill.pause.count(), plan.kill.after_calls);
  if (plan.kill.while_starting.count() > 0)
    text += fmt::format(", again {} ms after its start", plan.kill.while_starting.count());
  return text + "\n";
}

}  // namespace kp::crash
