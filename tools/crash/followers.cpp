#include "tools/crash/followers.hpp"

#include "tests/tools/system/documents.hpp"
#include "tests/tools/system/event_source.hpp"
#include "tests/tools/system/webhook_receiver.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds until_heard{60};
constexpr std::chrono::milliseconds look_again{100}, when_empty{150};

std::string form(const std::string& name, const std::string& url) {
  return json::serialize(json::object{{"name", name},
                                      {"pushEndpoint", url},
                                      {"resource", "all"},
                                      {"event", "all"},
                                      {"secret", "secret-of-the-harness"}});
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::uint64_t sequence_of(const std::string& event_id) {
  std::uint64_t number = 0;
  const auto digits = std::string_view(event_id).substr(event_id.rfind('-') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

using heard = std::map<std::string, std::vector<std::string>>;  // statuses by message

}  // namespace

struct followers::follower {
  follower(place& where, std::size_t i, findings& found, std::atomic<unsigned>& calls)
      : by(where, i, found, calls) {}

  client by;
  test::webhook_receiver receiver;
  std::atomic<bool> listens = false;
  std::mutex mutex;
  heard streamed, queued;  // of what the channel has sent

  std::string name() const { return by.who().name; }
  // What the subscriber was posted, each event once, in the order of its first arrival.
  heard posted(findings& found) {
    heard out;
    std::map<std::string, std::uint64_t> newest;
    std::map<std::string, bool> known;
    for (const auto& each : receiver.all()) {
      const auto step = "webhook of " + name();
      if (const auto mark = foreign_mark(each.body, by.who().owner))
        found.add(step, "nothing of others", *mark + " in " + each.body);
      if (each.target != "/hook" || each.text("event") == "ping") continue;
      const auto id = each.headers.at("knutepunkt-event-id");
      if (!known.emplace(id, true).second) continue;
      const auto message = each.text("messageId");
      auto& last = newest[message];
      const auto sequence = sequence_of(id);
      if (sequence < last)
        found.add(step, "the events of a message in their order",
                  fmt::format("{} after {} of {}", sequence, last, message));
      last = sequence;
      if (each.text("direction") != "INCOMING") out[message].push_back(each.text("status"));
    }
    return out;
  }
};

followers::followers(place& where, findings& found, std::atomic<unsigned>& calls)
    : place_(where), findings_(found), calls_(calls) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    auto& one = all_.emplace_back(where, i, found, calls);
    subscribe(one);
    threads_.emplace_back([this, &one](const std::stop_token& stop) { stream(one, stop); });
    if (channels[i].queues_statuses)
      threads_.emplace_back([this, &one](const std::stop_token& stop) { take_queued(one, stop); });
  }
  if (!test::until(
          [&] { return std::ranges::all_of(all_, [](auto& f) { return f.listens.load(); }); }))
    found.add("event streams", "that they begin", "not all have");
  threads_.emplace_back([this](const std::stop_token& stop) { change_subscriptions(stop); });
}

followers::~followers() {
  for (auto& each : threads_) each.request_stop();
  threads_.clear();
}

void followers::subscribe(follower& f) {
  const auto made =
      f.by.insist("subscribe " + f.name(), "POST", "/api/subscriptions",
                  {{"Content-Type", "application/json"}}, form("all", f.receiver.url("/hook")));
  if (made.answer.status != 200)
    findings_.add("subscribe " + f.name(), "200",
                  fmt::format("{} {}", made.answer.status, made.answer.body));
}

// Others come and go: what was acknowledged is there, what was removed is not.
void followers::change_subscriptions(const std::stop_token& stop) {
  for (unsigned number = 1; !stop.stop_requested(); ++number) {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    auto& f = all_[number % all_.size()];
    const auto step = fmt::format("subscription {} of {}", number, f.name());
    const auto expect = [&](const test::rest_answer& answer, unsigned status, const char* doing) {
      if (answer.status == status) return true;
      if (answer.status != 0)
        findings_.add(fmt::format("{} {}", doing, step), std::to_string(status),
                      fmt::format("{} {}", answer.status, answer.body));
      return false;
    };
    const auto made = f.by.insist(
        step, "POST", "/api/subscriptions", {{"Content-Type", "application/json"}},
        form(fmt::format("extra {}", number), f.receiver.url(fmt::format("/extra/{}", number))));
    if (made.unclear) continue;  // perhaps there is one by that name: it stays
    if (!expect(made.answer, 200, "make")) continue;
    const auto path = "/api/subscriptions/" + json::serialize(made.answer.json().at("id"));
    if (!expect(f.by.insist(step, "GET", path).answer, 200, "find")) continue;
    const auto removed = f.by.insist(step, "DELETE", path);
    if (removed.answer.status != 200 && removed.answer.status != 204 &&
        !(removed.unclear && removed.answer.status == 404))
      findings_.add("remove " + step, "200 or 204", std::to_string(removed.answer.status));
    expect(f.by.insist(step, "GET", path).answer, 404, "look after the removal of");
  }
}

void followers::stream(follower& f, const std::stop_token& stop) {
  std::uint64_t last = 0;
  const auto step = "event stream of " + f.name();
  const auto take = [&](const test::streamed_event& e) {
    if (e.name != "status" && e.name != "arrival")
      return findings_.add(step, "statuses and arrivals", e.name + " " + json::serialize(e.data));
    if (e.id <= last)
      findings_.add(step, fmt::format("more than {}", last), fmt::format("id {}", e.id));
    last = e.id;
    const auto text = json::serialize(e.data);
    if (const auto mark = foreign_mark(text, f.by.who().owner))
      findings_.add(step, "nothing of others", text);
    if (e.name != "status" || e.data.at("direction").as_string() != "OUTGOING") return;
    const std::scoped_lock lock(f.mutex);
    f.streamed[std::string(e.data.at("messageId").as_string())].emplace_back(
        e.data.at("status").as_string());
  };
  while (!stop.stop_requested()) {
    auto headers = test::basic(f.by.who().user);
    headers["Last-Event-ID"] = std::to_string(last);  // 0: from the beginning
    const test::event_source source(place_.port(), headers);
    if (source.status() != 200) {
      std::this_thread::sleep_for(look_again);
      continue;
    }
    std::size_t taken = 0;
    const auto take_new = [&] {
      const auto events = source.events();
      for (; taken < events.size(); ++taken) take(events[taken]);
    };
    f.listens = true;
    while (!stop.stop_requested() && !source.is_over(look_again)) take_new();
    take_new();
  }
}

// A status of an arrival leaves the queue when its message follows the seat to another channel.
bool followers::has_left(follower& f, const json::value& message, const std::string& id) {
  const std::string about(message.as_string());
  const auto shown = f.by.insist("statuses of " + about, "GET", "/api/statuses/" + about).answer;
  const auto value = shown.json();
  boost::system::error_code missing;
  const auto* all = value.find_pointer("/content", missing);
  return all && all->is_array() && std::ranges::none_of(all->get_array(), [&](const auto& each) {
           return json::serialize(each.at("id")) == id;
         });
}

void followers::take_queued(follower& f, const std::stop_token& stop) {
  const auto step = "status queue of " + f.name();
  std::map<std::string, bool> gone;
  while (!stop.stop_requested()) {
    const auto peeked = f.by.ask(step, "GET", "/api/statuses/peek");
    if (peeked.status != 200) {
      if (peeked.status != 0 && peeked.status != 204 && peeked.status != 503 &&
          peeked.status != 429)
        findings_.add(step, "200 or 204", fmt::format("{} {}", peeked.status, peeked.body));
      std::this_thread::sleep_for(when_empty);
      continue;
    }
    const auto status = peeked.json();
    const auto id = json::serialize(status.at("id"));
    if (gone.contains(id)) findings_.add(step, "nothing twice", "status " + id);
    const auto removed = f.by.insist(step, "DELETE", "/api/statuses/" + id);
    const bool gone_now = removed.answer.status == 404 &&
                          (removed.unclear || has_left(f, status.at("messageId"), id));
    if (removed.answer.status != 200 && !gone_now)
      findings_.add(step, "200", fmt::format("{} {}", removed.answer.status, removed.answer.body));
    gone.emplace(id, true);
    const std::scoped_lock lock(f.mutex);
    f.queued[std::string(status.at("messageId").as_string())].emplace_back(
        status.at("status").as_string());
  }
}

std::string followers::missing(follower& f, const letter& what) {
  const auto posted = f.posted(findings_);
  const std::scoped_lock lock(f.mutex);
  const auto told = [&](const heard& all) {
    const auto found = all.find(what.id);
    return found == all.end() ? std::vector<std::string>{} : found->second;
  };
  const auto hooked = told(posted), streamed = told(f.streamed), queued = told(f.queued);
  for (const auto& each : what.statuses) {
    if (!has(hooked, each)) return "webhook: " + each;
    if (!has(streamed, each)) return "event stream: " + each;
    if (f.by.who().queues_statuses && !has(queued, each)) return "status queue: " + each;
  }
  // Each once.
  if (streamed.size() > what.statuses.size())
    return fmt::format("nothing: the event stream had {}", fmt::join(streamed, ", "));
  if (queued.size() > what.statuses.size())
    return fmt::format("nothing: the queue had {}", fmt::join(queued, ", "));
  return {};
}

void followers::check(const model& of) {
  for (const auto& what : of.letters) {
    auto& f = all_[what->plan.from];
    std::string lacks;
    test::until([&] { return (lacks = missing(f, *what)).empty() || findings_.any(); },
                until_heard);
    if (!lacks.empty())
      findings_.add(fmt::format("{} ({}): what followers heard", what->name, what->id),
                    fmt::format("{}, by all", fmt::join(what->statuses, ", ")),
                    "not heard by " + lacks);
  }
}

}  // namespace kp::crash
