#include "actors/webhook_desk.hpp"

#include "actors/channel_lists.hpp"
#include "actors/webhook_scope.hpp"
#include "config/log.hpp"
#include "config/text.hpp"
#include "protocol/http/url.hpp"
#include "protocol/webhooks/push.hpp"
#include "protocol/webhooks/subscription_form.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

using storage::subscription;

constexpr std::size_t secret_bytes = 32;
constexpr std::size_t max_pings = 8;  // at a time, of one organisation

std::string purpose(storage::row_id id) {
  return fmt::format("webhook secret of subscription {}", id);
}

boost::json::object subscription_json(const subscription& s) {
  boost::json::object out;
  out["id"] = s.id;
  out["name"] = s.name;
  out["pushEndpoint"] = s.push_endpoint;
  out["resource"] = s.resource;
  out["event"] = s.event;
  if (s.filter) out["filter"] = *s.filter;
  return out;
}

const sortable<subscription>& sort_properties() {
  using s = const subscription&;
  static const sortable<subscription> properties{
      {"name", [](s r) { return sort_value(r.name); }},
      {"pushEndpoint", [](s r) { return sort_value(r.push_endpoint); }},
      {"resource", [](s r) { return sort_value(r.resource); }},
      {"event", [](s r) { return sort_value(r.event); }},
      {"filter", [](s r) { return sort_value(r.filter.value_or("")); }},
  };
  return properties;
}

}  // namespace

result<std::vector<std::string>> open_secrets(const organisation_context& in,
                                              const webhook_means& means, const subscription& s,
                                              time_point now) {
  std::vector<std::string> open;
  for (const auto& each : s.secrets) {
    if (each.until && *each.until <= now) continue;
    KP_TRY(auto secret, means.secrets->open(in.id(), purpose(s.id), each.sealed));
    open.push_back(std::move(secret));
  }
  return open;
}

webhook_desk::webhook_desk(surroundings with)
    : with_(std::move(with)), kept_(with_.context->hub->store, with_.context->id()) {}

void webhook_desk::call(const webhook_call& c, const answer_to& answer) {
  const auto shown = [&](const judged<api_answer>& found) {
    answer(found ? *found : refusal(found.error(), c.call.path, now()));
  };
  const auto decided = [&](judged<outcome> (webhook_desk::*part)(const webhook_call&) const) {
    change(c.call.path, [this, part, c] { return (this->*part)(c); }, answer);
  };
  switch (c.call.what) {
    case endpoint::list_subscriptions:
      return shown(list(c));
    case endpoint::find_subscription:
      return shown(find(c));
    case endpoint::create_subscription:
      return create(c, answer);
    case endpoint::update_subscription:
      return update(c, answer);
    case endpoint::remove_subscription:
      return decided(&webhook_desk::remove);
    case endpoint::remove_subscriptions:
      return decided(&webhook_desk::remove_all);
    case endpoint::list_dead_letters:
      return shown(dead_letters(c));
    case endpoint::replay_dead_letters:
      return change(
          c.call.path,
          [this, c, count = std::make_shared<std::size_t>(0)] { return replay_all(c, count); },
          answer);
    case endpoint::replay_dead_letter:
      return decided(&webhook_desk::replay_one);
    case endpoint::remove_dead_letters:
      return decided(&webhook_desk::remove_letters);
    case endpoint::remove_dead_letter:
      return decided(&webhook_desk::remove_letter);
    default:
      return answer(refusal(api::internal("This is not about webhooks"), c.call.path, now()));
  }
}

judged<subscription> webhook_desk::subscription_of(const webhook_call& c,
                                                   std::string_view id) const {
  KP_TRY(const auto row, path_number("id", id));
  KP_TRY(auto found, kept_.find(c.channel, row));
  if (!found || !manages(c.call.view, *found)) return webhooks::subscription_not_found(row);
  return *std::move(found);
}

judged<api_answer> webhook_desk::list(const webhook_call& c) const {
  const auto asked = api::parse_page_query(api::query::parse(c.call.query));
  const source<subscription> rows{"id", [&](const auto& request, const auto& filter) {
                                    return kept_.list(c.channel, request, filter);
                                  }};
  const auto its = [&](const subscription& s) { return manages(c.call.view, s); };
  KP_TRY(const auto page, sorted_page<subscription>(asked, {}, sort_properties(), its, rows));
  KP_TRY(const auto json, page_json(page, asked, !asked.sort.empty(), subscription_json));
  return json_answer(json);
}

judged<api_answer> webhook_desk::find(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, c.call.argument));
  return json_answer(subscription_json(found));
}

std::optional<api::problem> webhook_desk::collision(const webhook_call& c,
                                                    const std::optional<std::string>& name,
                                                    const std::optional<std::string>& endpoint,
                                                    storage::row_id except) const {
  if (!name || !endpoint) return std::nullopt;
  const auto same = [&](const subscription& s) {
    return s.id != except && s.name == *name && s.push_endpoint == *endpoint &&
           manages(c.call.view, s);
  };
  const auto found = kept_.list(c.channel, {0, 1}, same);
  if (!found) return problem_of(found.error());
  if (found->total > 0) return webhooks::subscription_exists();
  return std::nullopt;
}

judged<std::string> webhook_desk::seal(storage::row_id id, const std::string& secret) const {
  KP_TRY(auto sealed, with_.means->secrets->seal(in().id(), purpose(id), secret));
  return sealed;
}

void webhook_desk::ping(const std::string& endpoint, std::vector<std::string> secrets,
                        std::function<void()> then) {
  webhook_push push;
  push.url = endpoint;
  push.body = webhooks::ping_body(now());
  push.headers = webhooks::push_headers(push.body, now(), secrets, in().hub->random.uuid(), 1);
  ++pings_;
  const auto target = http::parse_url(endpoint);
  with_.post(std::move(push), [this, then = std::move(then),
                               origin = target ? target->origin()
                                               : std::string()](const webhook_outcome& what) {
    --pings_;
    if (!what.taken())
      log(log_level::warning, "a webhook endpoint did not answer the ping: " + what.why(),
          {{"organisation", in().id().to_string()}, {"endpoint", origin}});
    then();
  });
}

void webhook_desk::create(const webhook_call& c, const answer_to& answer) {
  const auto refuse = [&](const api::problem& why) { answer(refusal(why, c.call.path, now())); };
  const auto& settings = in().hub->settings.webhooks;
  const auto form = webhooks::read_subscription(c.call.content_type, c.call.body);
  if (!form) return refuse(form.error());
  const auto rule = [&](std::string_view url) { return refused_target(settings, url); };
  if (const auto wrong = webhooks::judge_subscription(*form, true, rule)) return refuse(*wrong);
  const auto check = [this, c, form = *form]() -> std::optional<api::problem> {
    if (auto same = collision(c, form.name, form.push_endpoint, 0)) return same;
    const auto all = kept_.list(c.channel, {0, 1}, {});
    if (!all) return problem_of(all.error());
    if (all->total >= max_subscriptions) return webhooks::too_many_subscriptions(max_subscriptions);
    return std::nullopt;
  };
  if (const auto wrong = check()) return refuse(*wrong);
  if (pings_ >= max_pings) return refuse(api::try_later(429, "Too many pings at once"));

  const bool generated = !form->secret;
  const auto secret =
      generated ? to_hex(in().hub->random.bytes(secret_bytes)) : form->secret.value();
  auto keep = [this, c, check, form = *form, secret, generated]() -> judged<outcome> {
    if (const auto wrong = check()) return *wrong;
    outcome made;
    subscription s;
    KP_TRY(s.id, in().ids->next(made.changes));
    s.channel = c.channel;
    s.name = form.name.value();
    s.push_endpoint = form.push_endpoint.value();
    s.resource = form.resource.value();
    s.event = form.event.value();
    s.filter = form.filter;
    limit(s, c.call.view);
    KP_TRY(auto sealed, seal(s.id, secret));
    s.secrets.push_back({std::move(sealed), {}});
    storage::delivery_progress from_now;
    KP_TRY(from_now.sequence, in().feed.newest(c.channel));
    kept_.put(made.changes, s);
    kept_.put_progress(made.changes, s.id, from_now);
    auto shown = subscription_json(s);
    if (generated) shown["secret"] = secret;
    made.answer = json_answer(shown);
    made.durable = [this, s] { with_.added(s); };
    return made;
  };
  ping(*form->push_endpoint, {secret},
       [this, path = c.call.path, keep, answer] { change(path, keep, answer); });
}

void webhook_desk::update(const webhook_call& c, const answer_to& answer) {
  const auto refuse = [&](const api::problem& why) { answer(refusal(why, c.call.path, now())); };
  const auto& settings = in().hub->settings.webhooks;
  if (const auto id = path_number("id", c.call.argument); !id) return refuse(id.error());
  const auto form = webhooks::read_subscription(c.call.content_type, c.call.body);
  if (!form) return refuse(form.error());
  const auto rule = [&](std::string_view url) { return refused_target(settings, url); };
  if (const auto wrong = webhooks::judge_subscription(*form, false, rule)) return refuse(*wrong);

  const auto check = [this, c, form = *form]() -> judged<subscription> {
    KP_TRY(auto before, subscription_of(c, c.call.argument));
    // As submitted: a change of one of the two is not looked at, as today.
    if (auto same = collision(c, form.name, form.push_endpoint, before.id)) return *same;
    return before;
  };
  const auto before = check();
  if (!before) return refuse(before.error());
  auto keep = [this, check, form = *form]() -> judged<outcome> {
    KP_TRY(auto s, check());
    const auto replace = [](std::string& member, const std::optional<std::string>& with) {
      if (with) member = *with;
    };
    replace(s.name, form.name);
    replace(s.push_endpoint, form.push_endpoint);
    replace(s.resource, form.resource);
    replace(s.event, form.event);
    if (form.filter) s.filter = form.filter;
    if (form.secret) {
      KP_TRY(auto sealed, seal(s.id, *form.secret));
      s.secrets.insert(s.secrets.begin(), storage::signing_secret{std::move(sealed), {}});
      s.secrets.resize(std::min<std::size_t>(s.secrets.size(), 2));
      if (s.secrets.size() > 1) s.secrets[1].until = now() + old_secret_signs_for;
    }
    outcome made;
    kept_.put(made.changes, s);
    made.answer = empty_answer();
    made.durable = [this, s] { with_.changed(s); };
    return made;
  };
  const bool moves = form->push_endpoint && *form->push_endpoint != before->push_endpoint;
  if (!moves) return change(c.call.path, keep, answer);
  if (pings_ >= max_pings) return refuse(api::try_later(429, "Too many pings at once"));
  auto secrets = open_secrets(in(), *with_.means, *before, now());
  if (!secrets) return refuse(problem_of(secrets.error()));
  if (form->secret) secrets->insert(secrets->begin(), *form->secret);
  ping(*form->push_endpoint, *std::move(secrets),
       [this, path = c.call.path, keep, answer] { change(path, keep, answer); });
}

judged<webhook_desk::outcome> webhook_desk::remove(const webhook_call& c) const {
  KP_TRY(const auto found, subscription_of(c, c.call.argument));
  outcome made;
  kept_.remove(made.changes, found);
  made.answer = empty_answer();
  made.durable = [this, found] { with_.removed(found); };
  return made;
}

judged<webhook_desk::outcome> webhook_desk::remove_all(const webhook_call& c) const {
  outcome made;
  made.answer = empty_answer();
  const auto its = [&](const subscription& s) { return manages(c.call.view, s); };
  KP_TRY(const auto found, kept_.list(c.channel, {0, max_subscriptions}, its));
  for (const auto& each : found.items) kept_.remove(made.changes, each);
  made.durable = [this, all = found.items] {
    for (const auto& each : all) with_.removed(each);
  };
  return made;
}

void webhook_desk::change(std::string path, decide how, answer_to answer) {
  changes_.push_back({std::move(path), std::move(how), std::move(answer)});
  if (!changing_) next_change();
}

void webhook_desk::finish(api_answer answer) {
  const auto tell = std::move(changes_.front().answer);
  changes_.pop_front();
  changing_ = false;
  tell(std::move(answer));
  if (!changing_) next_change();
}

void webhook_desk::next_change() {
  if (changes_.empty()) return;
  changing_ = true;
  auto decided = changes_.front().how();
  const auto path = changes_.front().path;
  if (!decided) return finish(refusal(decided.error(), path, now()));
  if (decided->changes.empty()) return finish(std::move(decided->answer));
  auto batch = std::move(decided->changes);
  with_.commit(std::move(batch),
               [this, path, made = std::make_shared<outcome>(*std::move(decided))](
                   const std::optional<error>& failure) {
                 if (failure) return finish(refusal(problem_of(*failure), path, now()));
                 if (made->durable) made->durable();
                 if (made->again) return next_change();
                 finish(std::move(made->answer));
               });
}

}  // namespace kp::actors
