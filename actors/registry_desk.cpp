#include "actors/registry_desk.hpp"

#include "actors/bridge.hpp"
#include "actors/dpf_clients.hpp"
#include "actors/svarut_messages.hpp"
#include "config/config_error.hpp"
#include "config/log.hpp"

#include <fmt/format.h>

#include <unordered_map>

namespace kp::actors {

namespace {

struct found {
  std::uint64_t ticket;
  registry::lookup what;
  receiver_answer answer;
};
struct judged {
  std::uint64_t ticket;
  certificate_verdict verdict;
};
struct listed {
  std::uint64_t ticket;
  letter_types answer;
};

http::awaitable<receiver_answer> ask_registry(std::shared_ptr<upstream> clients,
                                              registry::lookup what) {
  receiver_answer answer;
  if (auto ready = co_await clients->ready(); !ready) {
    answer.failure = ready.error();
    co_return answer;
  }
  auto looked_up = co_await clients->registry().find(std::move(what));
  if (looked_up)
    answer.found = *std::move(looked_up);
  else
    answer.failure = looked_up.error();
  co_return answer;
}

http::awaitable<certificate_verdict> judge_certificate(
    std::shared_ptr<upstream> clients, std::shared_ptr<organisation_context> context) {
  if (auto ready = co_await clients->ready(); !ready)
    co_return certificate_verdict{ready.error().message};
  const auto& own = clients->keys().leaf;
  if (const auto now = context->hub->time.now(); !own.valid_at(now))
    co_return certificate_verdict{
        fmt::format("The organisation certificate is not valid now: it is valid from {} to {}",
                    format_timestamp(own.not_before()), format_timestamp(own.not_after()))};
  // Only these two are encrypted to what is published (rest-api.md 6.2 no. 10).
  if (!context->settings->enabled(service::dpo) && !context->settings->enabled(service::dpe))
    co_return certificate_verdict{};
  const auto number = context->id().to_string();
  auto pem = co_await clients->registry().published_certificate(number);
  if (!pem) {
    // 404 is a finding, an outage is not.
    if (pem.error().code == registry::registry_errc::not_found)
      co_return certificate_verdict{
          fmt::format("No certificate is published for organisation {}", number)};
    log(log_level::warning, "published certificate not checked: " + pem.error().message,
        {{"organisation", number}});
    co_return certificate_verdict{};
  }
  const auto published = crypto::certificate::from_pem(*pem);
  if (!published)
    co_return certificate_verdict{"The published certificate cannot be read: " +
                                  published.error().message};
  if (published->serial_decimal() != own.serial_decimal())
    co_return certificate_verdict{
        fmt::format("Keystore certificate serial number ({}) does not match certificate in "
                    "Virksert ({})",
                    own.serial_decimal(), published->serial_decimal())};
  co_return certificate_verdict{};
}

http::awaitable<found> find_for(std::uint64_t ticket, std::shared_ptr<upstream> clients,
                                registry::lookup what) {
  auto answer = co_await ask_registry(std::move(clients), what);
  found done{ticket, std::move(what), std::move(answer)};
  co_return done;
}

http::awaitable<judged> judge_for(std::uint64_t ticket, std::shared_ptr<upstream> clients,
                                  std::shared_ptr<organisation_context> context) {
  auto verdict = co_await judge_certificate(std::move(clients), std::move(context));
  co_return judged{ticket, std::move(verdict)};
}

http::awaitable<listed> list_for(std::uint64_t ticket, std::shared_ptr<dpf_clients> on,
                                 std::string sender) {
  listed out{ticket, {}};
  if (auto ready = co_await on->ready(); !ready) {
    out.answer.failure = ready.error();
    co_return out;
  }
  auto* svarut = on->sender(sender);
  if (!svarut) {
    out.answer.failure = permanent(config_errc::invalid_value, "there is no account for it");
    co_return out;
  }
  auto types = co_await svarut->types();
  if (types)
    out.answer.known = *std::move(types);
  else
    out.answer.failure = types.error();
  co_return out;
}

// What is remembered of one's own certificate, so that not every create asks the network thread.
struct desk {
  registry_desk_args args;
  std::uint64_t next_ticket = 1;
  std::unordered_map<std::uint64_t, caf::response_promise> waiting;
  std::vector<caf::response_promise> waiting_for_verdict;
  std::optional<certificate_verdict> verdict;
  time_point verdict_until{};

  // Types of letters by sender; made anew with the clients.
  struct kept_types {
    letter_types answer;
    time_point until{};
  };
  struct waiting_for_types {
    std::string sender;
    caf::response_promise promise;
  };
  std::shared_ptr<dpf_clients> svarut;
  std::unordered_map<std::string, kept_types> types;
  std::unordered_map<std::uint64_t, waiting_for_types> types_asked;
};

// A good verdict is asked anew after a minute (the registry's own cache holds five), a bad one
// soon, so that a mended key store is noticed.
constexpr std::chrono::seconds good_for{60};
constexpr std::chrono::seconds bad_for{5};
// dpf.md 4.
constexpr std::chrono::hours types_good_for{1};

}  // namespace

}  // namespace kp::actors

KP_MESSAGE(kp::actors::found);
KP_MESSAGE(kp::actors::judged);
KP_MESSAGE(kp::actors::listed);

namespace kp::actors {

caf::behavior registry_desk(caf::event_based_actor* self, registry_desk_args args) {
  auto s = std::make_shared<desk>();
  s->args = std::move(args);
  return {
      [=](const find_receiver& request) -> caf::result<receiver_answer> {
        const auto ticket = s->next_ticket++;
        auto promise = self->make_response_promise();
        s->waiting.emplace(ticket, promise);
        auto work = [ticket, clients = s->args.clients, what = request.what] {
          return find_for(ticket, clients, what);
        };
        start<found>(self, s->args.context->hub->network, std::move(work));
        return promise;
      },
      [=](const check_own_certificate&) -> caf::result<certificate_verdict> {
        if (s->verdict && s->args.context->hub->time.now() < s->verdict_until) return *s->verdict;
        auto promise = self->make_response_promise();
        s->waiting_for_verdict.push_back(promise);
        if (s->waiting_for_verdict.size() == 1) {
          auto work = [ticket = s->next_ticket++, clients = s->args.clients,
                       context = s->args.context] { return judge_for(ticket, clients, context); };
          start<judged>(self, s->args.context->hub->network, std::move(work));
        }
        return promise;
      },
      [=](const find_letter_types& request) -> caf::result<letter_types> {
        const auto kept = s->types.find(request.sender);
        if (kept != s->types.end() && s->args.context->hub->time.now() < kept->second.until)
          return kept->second.answer;
        if (!s->svarut) s->svarut = std::make_shared<dpf_clients>(s->args.context, s->args.clients);
        const auto ticket = s->next_ticket++;
        auto promise = self->make_response_promise();
        s->types_asked.emplace(ticket, desk::waiting_for_types{request.sender, promise});
        auto work = [ticket, on = s->svarut, sender = request.sender] {
          return list_for(ticket, on, sender);
        };
        start<listed>(self, s->args.context->hub->network, std::move(work));
        return promise;
      },
      [=](const settings_changed& now) {
        s->args.context = now.context;
        s->svarut.reset();
        s->types.clear();
        if (s->args.clients == now.clients) return;
        s->args.clients = now.clients;  // another key store perhaps: judged anew
        s->verdict.reset();
        s->args.notes->forget();
      },
      [=](found& done) {
        const auto it = s->waiting.find(done.ticket);
        if (it == s->waiting.end()) return;
        auto promise = it->second;
        s->waiting.erase(it);
        s->args.notes->keep(done.what, done.answer, s->args.context->hub->time.now());
        promise.deliver(std::move(done.answer));
      },
      [=](listed& done) {
        const auto it = s->types_asked.find(done.ticket);
        if (it == s->types_asked.end()) return;
        auto [sender, promise] = std::move(it->second);
        s->types_asked.erase(it);
        const auto keep = done.answer.failure ? std::chrono::seconds(bad_for)
                                              : std::chrono::seconds(types_good_for);
        s->types[sender] = {done.answer, s->args.context->hub->time.now() + keep};
        promise.deliver(std::move(done.answer));
      },
      [=](judged& done) {
        s->verdict = done.verdict;
        s->verdict_until =
            s->args.context->hub->time.now() + (done.verdict.refusal ? bad_for : good_for);
        if (!done.verdict.refusal) s->args.notes->certificate_is_good_until(s->verdict_until);
        auto promises = std::move(s->waiting_for_verdict);
        s->waiting_for_verdict.clear();
        for (auto& promise : promises) promise.deliver(done.verdict);
      },
  };
}

}  // namespace kp::actors
