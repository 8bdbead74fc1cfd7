#include "actors/quotas.hpp"

#include "config/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace kp::actors {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

quota_limits or_else(quota_limits given, const quota_limits& usual) {
  const auto fill = [](auto& mine, const auto& other) {
    if (!mine) mine = other;
  };
  fill(given.requests_per_second, usual.requests_per_second);
  fill(given.bytes_stored, usual.bytes_stored);
  fill(given.messages_queued, usual.messages_queued);
  fill(given.concurrent_uploads, usual.concurrent_uploads);
  return given;
}

bool on_stored(const quota_limits& l) {
  return l.bytes_stored || l.messages_queued;
}

microseconds interval(std::uint64_t rate) {
  return microseconds((1'000'000 + rate - 1) / std::max<std::uint64_t>(rate, 1));
}

}  // namespace

std::string_view to_string(quota_kind kind) {
  switch (kind) {
    case quota_kind::requests:
      return "requests_per_second";
    case quota_kind::bytes:
      return "bytes_stored";
    case quota_kind::messages:
      return "messages_queued";
    case quota_kind::uploads:
      return "concurrent_uploads";
  }
  return "";
}

std::optional<microseconds> token_bucket::take(std::uint64_t rate, time_point now) {
  const auto each = interval(rate);
  // A clock that was set back must not hold anybody up for longer than an empty bucket does.
  auto full = std::min(full_at_, now + each * static_cast<std::int64_t>(rate));
  full = std::max(full, now) + each;
  const auto deepest = now + each * static_cast<std::int64_t>(rate);
  if (full > deepest) return std::chrono::duration_cast<microseconds>(full - deepest);
  full_at_ = full;
  return std::nullopt;
}

void token_bucket::give_back(std::uint64_t rate) {
  full_at_ -= interval(rate);
}

quota_limits limits_of(const tenants::organisation& owner, const quota_settings& hub) {
  return or_else(owner.quotas.organisation, hub.organisation);
}

quota_limits limits_of(const tenants::organisation& owner, const tenants::channel_settings& channel,
                       const quota_settings& hub) {
  return or_else(or_else(channel.quotas, owner.quotas.channel), hub.channel);
}

quotas::account_ptr quotas::account_of(const std::string& key) {
  auto& found = accounts_[key];
  if (!found) found = std::make_shared<account>();
  return found;
}

std::optional<quota_refusal> quotas::judge(const side& its, const quota_request& asked,
                                           time_point now, const std::string& name) const {
  const auto& [limits, of, channel, stored] = its;
  const auto refuse = [&, is_channel = channel](quota_kind which, std::uint64_t limit, seconds wait,
                                                std::string_view what) {
    quota_refusal why{which, is_channel, limit, wait, {}};
    why.text = fmt::format("{} has used up its quota {}: {}. Try again in {} s", name,
                           to_string(which), what, wait.count());
    return why;
  };
  const auto held = stored.value_or(stored_usage{});
  if (asked.uploads && limits.concurrent_uploads && of->uploads >= *limits.concurrent_uploads)
    return refuse(quota_kind::uploads, *limits.concurrent_uploads, seconds(1),
                  fmt::format("at most {} uploads at a time", *limits.concurrent_uploads));
  if (asked.creates && limits.messages_queued && stored &&
      held.messages + of->creating >= *limits.messages_queued)
    return refuse(
        quota_kind::messages, *limits.messages_queued, stored_retry,
        fmt::format("at most {} messages that are not sent yet", *limits.messages_queued));
  const auto bytes = held.bytes + of->uploading;
  if (asked.uploads && limits.bytes_stored && stored &&
      (bytes >= *limits.bytes_stored || asked.bytes > *limits.bytes_stored - bytes))
    return refuse(quota_kind::bytes, *limits.bytes_stored, stored_retry,
                  fmt::format("at most {} bytes of attachments, of which {} are in use",
                              *limits.bytes_stored, bytes));
  // Last, because it takes a token.
  if (limits.requests_per_second) {
    if (const auto wait = of->requests.take(*limits.requests_per_second, now))
      return refuse(quota_kind::requests, *limits.requests_per_second,
                    std::max(seconds(1), std::chrono::ceil<seconds>(*wait)),
                    fmt::format("at most {} requests per second", *limits.requests_per_second));
  }
  return std::nullopt;
}

quotas::verdict quotas::admit(const tenants::organisation& owner,
                              const tenants::channel_settings& channel,
                              const quota_request& asked) {
  const auto whole = limits_of(owner, hub_);
  const auto own = limits_of(owner, channel, hub_);
  const quota_limits none;
  if (whole == none && own == none) return {};
  const auto now = time_.now();
  const auto number = owner.id.to_string();
  const auto& name = channel.name.to_string();
  side organisation{whole, account_of(number), false, {}};
  side seat{own, account_of(number + '/' + name), true, {}};
  if (on_stored(whole)) organisation.stored = usage_->of(owner.id);
  if (on_stored(own)) seat.stored = usage_->of(owner.id, channel.name);

  auto why = judge(seat, asked, now, fmt::format("Channel {} of organisation {}", name, number));
  if (!why) {
    why = judge(organisation, asked, now, "Organisation " + number);
    // What the organisation refuses has cost the channel nothing.
    if (why && own.requests_per_second) seat.of->requests.give_back(*own.requests_per_second);
  }
  if (why) {
    const bool dry_run = owner.quotas.dry_run.value_or(hub_.dry_run.value_or(false));
    count(owner, why->of_channel ? name : std::string(), *why, dry_run);
    if (!dry_run) return {std::move(why), {}};
  }
  if (!asked.creates && !asked.uploads) return {};
  const std::array both{organisation.of, seat.of};
  for (const auto& each : both) {
    each->uploads += asked.uploads ? 1 : 0;
    each->creating += asked.creates ? 1 : 0;
    each->uploading += asked.bytes;
  }
  return {std::nullopt, place([both, asked] {
            for (const auto& each : both) {
              each->uploads -= asked.uploads ? 1 : 0;
              each->creating -= asked.creates ? 1 : 0;
              each->uploading -= asked.bytes;
            }
          })};
}

// The first time in a row of doublings, so that a flood of requests is no flood of lines.
void quotas::count(const tenants::organisation& owner, const std::string& channel,
                   const quota_refusal& why, bool dry_run) {
  auto& its = excesses_[{owner.id, channel, why.which}];
  const auto times = dry_run ? ++its.let_through : ++its.refused;
  if (hears_) hears_(owner.id, why.which, !dry_run);
  if ((times & (times - 1)) != 0) return;
  log(log_level::warning,
      dry_run ? "a quota is exceeded; let through, as this is a dry run" : "a quota is exceeded",
      {{"organisation", owner.id.to_string()},
       {"channel", channel},
       {"quota", to_string(why.which)},
       {"limit", std::to_string(why.limit)},
       {"times", std::to_string(times)}});
}

std::vector<organisation_id> quotas::follow(const tenants::directory& directory) {
  std::vector<organisation_id> fresh;
  std::set<organisation_id> wanted;
  for (const auto& owner : directory.organisations()) {
    bool any = on_stored(limits_of(*owner, hub_));
    for (const auto& channel : owner->channels)
      any = any || on_stored(limits_of(*owner, channel, hub_));
    if (!any) continue;
    wanted.insert(owner->id);
    if (usage_->follow(owner->id)) fresh.push_back(owner->id);
    followed_.insert(owner->id);
  }
  std::erase_if(followed_, [&](const auto& one) {
    if (wanted.contains(one)) return false;
    usage_->forget(one);
    return true;
  });
  std::erase_if(accounts_,
                [](const auto& one) { return one.second.use_count() == 1 && one.second->idle(); });
  return fresh;
}

}  // namespace kp::actors
