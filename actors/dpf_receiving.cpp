#include "actors/dpf_receiving.hpp"

#include "actors/arrived_content.hpp"
#include "actors/dpf_credentials.hpp"
#include "actors/dpf_letter.hpp"
#include "actors/dpo_content.hpp"
#include "config/config_error.hpp"
#include "config/log.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

error worth_a_retry(error why) {
  why.retryable = true;
  return why;
}

void warn(const dpf_clients& on, std::string_view what, std::string_view system,
          std::string_view detail) {
  log(log_level::warning, what,
      {{"organisation", on.in().id().to_string()},
       {"service", "DPF"},
       {"receiver", system},
       {"detail", detail}});
}

// Opens what was downloaded. Blocks: for worker threads.
std::shared_ptr<fetched> open(const dpf_clients& on, const dpf::received& from,
                              const std::string& system,
                              const std::shared_ptr<const random_access_source>& cms) {
  const auto& settings = on.in().settings->dpf;
  dpf::receiving_rules rules;
  rules.fallback_sender = settings.fallback_sender;
  rules.ttl = settings.default_ttl;
  for (const auto& each : settings.receivers)
    if (each.name == system) {
      rules.process = each.process;
      rules.document_type = each.document_type;
    }
  return open_letter(on.in(), from, rules, cms, on.keys(), on.decryption_keys());
}

}  // namespace

void svarinn_letters::replace(std::vector<letter> listed) {
  const std::scoped_lock lock(mutex_);
  letters_.clear();
  for (auto& each : listed) {
    auto id = each.what ? each.what->id : std::string();
    if (!id.empty()) letters_.insert_or_assign(std::move(id), std::move(each));
  }
}

std::optional<svarinn_letters::letter> svarinn_letters::find(const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = letters_.find(id);
  if (found == letters_.end()) return std::nullopt;
  return found->second;
}

void svarinn_letters::forget(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  letters_.erase(id);
}

http::awaitable<result<std::vector<waiting>>> list_in_svarinn(
    std::shared_ptr<dpf_clients> on, std::shared_ptr<svarinn_letters> letters) {
  KP_CO_CHECK(co_await on->ready());
  std::vector<waiting> out;
  std::vector<svarinn_letters::letter> listed;
  std::optional<error> failure;
  bool any = false;
  for (const auto& system : on->in().settings->dpf.receivers) {
    auto* svarinn = on->receiver(system.name);
    if (!svarinn) continue;
    auto entries = co_await svarinn->list();
    note_receiver(*on, system.name, entries ? std::nullopt : std::optional(entries.error()));
    if (!entries) {
      failure = entries.error();
      warn(*on, "a receiver system of SvarInn cannot be asked", system.name, failure->message);
      continue;
    }
    any = true;
    for (auto& entry : *entries) {
      if (!entry.what) {
        // Without an id nothing can be receipted, and KS tells its own operators of what waits.
        warn(*on, "a letter in SvarInn cannot be read and is left there", system.name,
             fmt::format("{}: {}", entry.id, entry.what.error().message));
        continue;
      }
      waiting one;
      one.id = entry.id;
      one.sender = entry.what->sender.organisation.value_or("");
      one.memo = system.name;
      out.push_back(std::move(one));
      listed.push_back({system.name, std::move(entry.what)});
    }
  }
  if (!any && failure) co_return *failure;
  letters->replace(std::move(listed));
  co_return out;
}

http::awaitable<result<std::shared_ptr<fetched>>> fetch_from_svarinn(
    std::shared_ptr<dpf_clients> on, std::shared_ptr<svarinn_letters> letters, waiting which) {
  KP_CO_CHECK(co_await on->ready());
  const auto letter = letters->find(which.id);
  auto* svarinn = letter ? on->receiver(letter->system) : nullptr;
  if (!svarinn)
    co_return transient(config_errc::invalid_value, "it is no longer listed by a receiver system");
  auto make = [on] { return on->hub().spools.make(); };
  auto spool = co_await http::on_workers(on->hub().workers, std::move(make));
  if (!spool) co_return worth_a_retry(spool.error());
  auto sink = std::make_shared<spool_sink>(*spool);
  auto downloaded =
      co_await svarinn->download(letter->what->download_url, std::move(sink), max_content_bytes);
  if (!downloaded) {
    auto failed = std::make_shared<fetched>();
    failed->failure = downloaded.error();
    // An address elsewhere is the letter's own fault, all else the way's.
    const bool elsewhere = failed->failure.code == http::http_errc::forbidden;
    failed->verdict = elsewhere ? fetch_verdict::unusable : fetch_verdict::failed;
    if (!elsewhere) failed->failure.retryable = true;
    co_return failed;
  }
  auto work = [on, letter = *letter, cms = *spool]() -> result<std::shared_ptr<fetched>> {
    return open(*on, *letter.what, letter.system, cms);
  };
  co_return co_await http::on_workers(on->hub().workers, std::move(work));
}

http::awaitable<result<void>> receipt_to_svarinn(std::shared_ptr<dpf_clients> on,
                                                 std::shared_ptr<svarinn_letters> letters,
                                                 waiting which, taken how) {
  KP_CO_CHECK(co_await on->ready());
  auto* svarinn = on->receiver(which.memo);
  if (!svarinn)
    co_return transient(config_errc::invalid_value, "it is no longer listed by a receiver system");
  result<void> done;
  if (how == taken::stored)
    done = co_await svarinn->accept(which.id);
  else
    done = co_await svarinn->refuse(which.id, "Forsendelsen kunne ikke mottas", true);
  if (!done) co_return worth_a_retry(done.error());
  letters->forget(which.id);
  co_return done;
}

}  // namespace kp::actors
