#include "protocol/revocation/revocation_lists.hpp"

#include "config/log.hpp"
#include "protocol/http/http_error.hpp"

#include <algorithm>

namespace kp::revocation {

namespace {

constexpr http::deadlines patience{std::chrono::seconds(5), std::chrono::seconds(10),
                                   std::chrono::seconds(10), std::chrono::seconds(30)};

void tell(const std::string& address, const error& why,
          const std::optional<crypto::revocation_list>& old) {
  log(log_level::warning,
      old ? "a revocation list cannot be fetched; the one of " + format_timestamp(old->made()) +
                " counts"
          : "a revocation list cannot be fetched; certificates are believed without it",
      {{"address", address}, {"detail", why.message}});
}

}  // namespace

std::vector<crypto::revocation_list> revocation_lists::at_hand(
    const std::vector<std::string>& addresses) const {
  std::vector<crypto::revocation_list> out;
  const std::scoped_lock lock(mutex_);
  for (const auto& each : addresses)
    if (const auto found = known_.find(each); found != known_.end() && found->second.list)
      out.push_back(*found->second.list);
  return out;
}

std::vector<std::string> revocation_lists::due(const std::vector<std::string>& addresses) const {
  std::vector<std::string> out;
  const auto now = time_.now();
  const std::scoped_lock lock(mutex_);
  for (const auto& each : addresses) {
    const auto found = known_.find(each);
    // Also when the clock was set back.
    if (found == known_.end() || found->second.again <= now || found->second.asked > now)
      out.push_back(each);
  }
  return out;
}

http::awaitable<void> revocation_lists::fetch(std::set<std::string> addresses, check fits) {
  const std::vector<std::string> wanted(addresses.begin(), addresses.end());
  const auto still = due(wanted);
  for (const auto& each : still) {
    std::function<http::awaitable<result<bool>>()> work = [this, each, fits] {
      return fetch_one(each, fits);
    };
    // What failed is told and on record; it is nobody's failure.
    [[maybe_unused]] const auto done = co_await flights_.run(each, std::move(work));
  }
}

http::awaitable<result<bool>> revocation_lists::fetch_one(std::string address, check fits) {
  entry next;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = known_.find(address); found != known_.end()) next = found->second;
  }
  auto got = co_await ask(address, next.e_tag, std::move(fits));
  // On its way nothing keeps somebody from sending an old list again.
  if (got && *got && next.list && (*got)->made() < next.list->made())
    got = transient(http::http_errc::bad_answer, "what came is older than the list at hand");
  const auto now = next.asked = time_.now();
  if (!got) {
    if (++next.failures; (next.failures & (next.failures - 1)) == 0)
      tell(address, got.error(), next.list);
    next.again = now + between_failures;
    keep(address, std::move(next));
    co_return got.error();
  }
  if (*got) next.list = **got;  // else it is the same as before
  next.failures = 0;
  next.again = now + stays;
  if (const auto successor = next.list->next_comes()) {
    if (*successor <= now) {
      log(log_level::warning, "the successor of a revocation list is overdue; the old one counts",
          {{"address", address}, {"due", format_timestamp(*successor)}});
      next.again = now + between_failures;
    } else {
      next.again = std::min(next.again, *successor);
    }
  }
  keep(address, std::move(next));
  co_return true;
}

// Nothing: it is the one that has this tag already.
http::awaitable<result<std::optional<crypto::revocation_list>>> revocation_lists::ask(
    std::string address, std::optional<std::string>& e_tag, check fits) {
  http::request asked;
  asked.url = address;
  asked.deadlines = patience;
  asked.max_response_bytes = most_bytes;
  if (e_tag) asked.headers.add("If-None-Match", *e_tag);
  auto answer = co_await http_.send(std::move(asked));
  if (!answer) co_return answer.error();
  if (answer->status == 304 && e_tag) co_return std::optional<crypto::revocation_list>{};
  if (answer->status != 200) co_return http::to_error("revocation list", *answer);
  auto read = [body = std::move(answer->body), fits]() -> result<crypto::revocation_list> {
    KP_TRY(auto list, crypto::revocation_list::parse(body));
    KP_CHECK(fits(list));
    return list;
  };
  auto list = co_await http::on_workers(workers_, std::move(read));
  if (!list) co_return list.error();
  e_tag.reset();
  if (const auto tag = answer->headers.find("ETag")) e_tag = std::string(*tag);
  co_return std::optional(*std::move(list));
}

void revocation_lists::keep(const std::string& address, entry now_known) {
  const std::scoped_lock lock(mutex_);
  known_.insert_or_assign(address, std::move(now_known));
  if (known_.size() <= most_lists) return;
  const auto oldest =
      std::ranges::min_element(known_, {}, [](const auto& each) { return each.second.asked; });
  known_.erase(oldest);
}

}  // namespace kp::revocation
