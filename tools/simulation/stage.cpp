#include "tools/simulation/stage.hpp"

#include "tools/simulation/simulated_system.hpp"

namespace kp::simulation {

stage::stage(std::uint64_t seed, bool print)
    : time(simulated_system::start()), chance(seed), print_(print) {}

void stage::after(std::chrono::microseconds delay, std::function<void()> what) {
  plans_.emplace(std::pair(now() + delay, ++planned_), std::move(what));
}

std::optional<time_point> stage::next_plan() const {
  if (plans_.empty()) return std::nullopt;
  return plans_.begin()->first.first;
}

bool stage::run_due_plan() {
  if (plans_.empty() || plans_.begin()->first.first > now()) return false;
  auto node = plans_.extract(plans_.begin());
  node.mapped()();
  return true;
}

void stage::write(const std::string& line) {
  const auto since = (now() - simulated_system::start()).count();
  const auto full = fmt::format("{:>6}.{:06} {}\n", since / 1'000'000, since % 1'000'000, line);
  for (const char c : full) {
    hash_ ^= static_cast<unsigned char>(c);
    hash_ *= 0x100000001b3u;
  }
  ++lines_;
  if (print_) fmt::print("{}", full);
}

}  // namespace kp::simulation
