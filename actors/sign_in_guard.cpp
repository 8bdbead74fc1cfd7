#include "actors/sign_in_guard.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

namespace kp::actors {

namespace {

constexpr std::size_t longest_user = 100;
constexpr int ipv6_network_bytes = 8;  // a /64 is one customer's

}  // namespace

std::string sign_in_guard::address_key(std::string_view address) {
  boost::system::error_code failed;
  const auto parsed = boost::asio::ip::make_address(std::string(address), failed);
  if (failed || !parsed.is_v6()) return std::string(address.substr(0, 64));
  const auto bytes = parsed.to_v6().to_bytes();
  return std::string(reinterpret_cast<const char*>(bytes.data()), ipv6_network_bytes);
}

std::string sign_in_guard::user_key(std::string_view user) {
  return std::string(user.substr(0, longest_user));
}

void sign_in_guard::forget(entry& one, time_point now) {
  const auto quiet = std::chrono::duration<double>(now - one.seen);
  one.failures = std::max(0.0, one.failures - std::max(0.0, quiet / forget_one_after));
  one.seen = now;
}

std::chrono::milliseconds sign_in_guard::delay_for(double failures) {
  if (failures <= free_failures) return std::chrono::milliseconds(0);
  const double doublings = std::min(failures - free_failures - 1, 20.0);
  const auto wanted = std::chrono::duration<double, std::milli>(
      static_cast<double>(first_delay.count()) * std::exp2(std::max(0.0, doublings)));
  return std::min(std::chrono::duration_cast<std::chrono::milliseconds>(wanted), longest_delay);
}

sign_in_guard::entry& sign_in_guard::table::touch(const std::string& key, time_point now) {
  const auto [at, is_new] = entries.try_emplace(key);
  auto& one = at->second;
  if (is_new) {
    one.seen = now;
    one.place = order.insert(order.end(), key);
    if (entries.size() > most_entries) {
      // Never the one that has just come, which stands last.
      const auto oldest = order.begin();
      entries.erase(*oldest);
      order.erase(oldest);
    }
  } else {
    order.splice(order.end(), order, one.place);
    forget(one, now);
  }
  return one;
}

bool sign_in_guard::enter(std::string_view address) {
  auto& one = addresses_.touch(address_key(address), time_.now());
  if (one.failures > free_failures && one.trying >= tries_when_slowed) return false;
  ++one.trying;
  return true;
}

void sign_in_guard::leave(std::string_view address) {
  const auto at = addresses_.entries.find(address_key(address));
  if (at == addresses_.entries.end() || at->second.trying == 0) return;
  --at->second.trying;
}

std::chrono::milliseconds sign_in_guard::failed(std::string_view address, std::string_view user) {
  const auto now = time_.now();
  auto& from = addresses_.touch(address_key(address), now);
  auto delay = delay_for(++from.failures);
  if (user.empty()) return delay;
  auto& whom = users_.touch(user_key(user), now);
  return std::max(delay, delay_for(++whom.failures));
}

}  // namespace kp::actors
