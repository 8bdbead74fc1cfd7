#include "tools/endurance/load.hpp"

#include "tests/tools/system/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <thread>

namespace kp::endurance {

namespace json = boost::json;

namespace {

using crash::channels;
using std::chrono::steady_clock;

constexpr std::size_t large = 150 * 1024;  // kept in a file, not in the store
constexpr std::size_t most_followed = 5000;
constexpr std::chrono::milliseconds when_idle{50};
const auto writers =
    std::ranges::count_if(channels, [](const auto& each) { return !each.beside_dpo(); });

}  // namespace

struct load::state {
  state(crash::place& at, double pace) : where(at), per_second(pace) {}

  crash::place& where;
  double per_second;
  std::atomic<std::uint64_t> finished{0};
  std::mutex mutex;
  std::string problem;                                        // the first one
  std::array<std::deque<std::string>, channels.size()> sent;  // message ids, by sender
  std::vector<std::jthread> threads;

  // Waits a little; false when it is to end.
  static bool rest(const std::stop_token& stop, std::chrono::milliseconds how_long) {
    std::mutex alone;
    std::unique_lock lock(alone);
    std::condition_variable_any bell;
    bell.wait_for(lock, stop, how_long, [] { return false; });
    return !stop.stop_requested();
  }
  test::rest_answer call(std::size_t channel, const std::string& method, const std::string& path,
                         test::header_fields headers = {}, const std::string& body = {}) {
    headers.merge(test::basic(channels[channel].user));
    return test::call(where.port(), method, path, headers, body);
  }
  bool expect(const test::rest_answer& answer, unsigned status, const std::string& doing,
              const std::stop_token& stop) {
    if (answer.status == status) return true;
    const std::scoped_lock lock(mutex);
    if (problem.empty() && !stop.stop_requested())
      problem = fmt::format("{}: {} {}", doing, answer.status, answer.body);
    return false;
  }

  void write_one(std::size_t channel, std::size_t number, const std::stop_token& stop) {
    const auto to = (channels[channel].owner + 1 + number % 2) % crash::over_dpo;
    const auto made =
        call(channel, "POST", "/api/messages/out", {{"Content-Type", "application/json"}},
             json::serialize(test::arkivmelding_to(crash::organisations[to].number)));
    if (!expect(made, 200, "create", stop)) return;
    const auto id = test::id_of(made.json());
    const auto put = [&](const char* name, const char* type, const std::string& bytes) {
      return expect(
          call(channel, "PUT", "/api/messages/out/" + id,
               {{"Content-Type", type},
                {"Content-Disposition", fmt::format("attachment; filename=\"{}\"", name)}},
               bytes),
          200, std::string("upload of ") + name, stop);
    };
    if (!put("arkivmelding.xml", "application/xml", test::arkivmelding_xml())) return;
    if (!put("brev.pdf", "application/pdf", test::random_bytes(number % 4 == 0 ? large : 2000)))
      return;
    if (!expect(call(channel, "POST", "/api/messages/out/" + id), 200, "send", stop)) return;
    const std::scoped_lock lock(mutex);
    sent[channel].push_back(id);
  }
  void write(std::size_t channel, const std::stop_token& stop) {
    const auto pause = std::chrono::duration_cast<steady_clock::duration>(
        std::chrono::duration<double>(static_cast<double>(writers) / per_second));
    auto next = steady_clock::now();
    for (std::size_t number = 0; !stop.stop_requested(); ++number) {
      write_one(channel, number, stop);
      next = std::max(next + pause, steady_clock::now());
      if (!rest(stop,
                std::chrono::duration_cast<std::chrono::milliseconds>(next - steady_clock::now())))
        return;
    }
  }

  bool read_one(std::size_t channel, const std::stop_token& stop) {
    const auto peeked = call(channel, "GET", "/api/messages/in/peek");
    if (peeked.status == 204 || !expect(peeked, 200, "peek", stop)) return false;
    const auto id = test::id_of(peeked.json());
    return expect(call(channel, "GET", "/api/messages/in/pop/" + id), 200, "pop", stop) &&
           expect(call(channel, "DELETE", "/api/messages/in/" + id), 200, "delete", stop);
  }

  // The oldest letter of the channel: when it is delivered, nothing of it is kept any longer.
  bool follow_one(std::size_t channel, const std::stop_token& stop) {
    std::string id;
    {
      const std::scoped_lock lock(mutex);
      if (sent[channel].empty()) return false;
      if (sent[channel].size() > most_followed && problem.empty())
        problem = fmt::format("{} letters of {} are not delivered", most_followed,
                              channels[channel].name);
      id = sent[channel].front();
      sent[channel].pop_front();
    }
    const auto statuses = call(channel, "GET", "/api/statuses/" + id);
    if (!expect(statuses, 200, "statuses", stop)) return false;
    if (statuses.body.find("LEVERT") == std::string::npos) {
      const std::scoped_lock lock(mutex);
      sent[channel].push_back(id);
      return false;
    }
    if (!expect(call(channel, "DELETE", "/api/conversations/messageId/" + id), 200,
                "removal of a conversation", stop))
      return false;
    ++finished;
    return true;
  }
};

load::load(crash::place& where, double letters_per_second)
    : state_(std::make_unique<state>(where, letters_per_second)) {
  auto* s = state_.get();
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (channels[i].beside_dpo()) continue;
    s->threads.emplace_back([s, i](const std::stop_token& stop) { s->write(i, stop); });
    s->threads.emplace_back([s, i](const std::stop_token& stop) {
      while (state::rest(stop, s->follow_one(i, stop) ? std::chrono::milliseconds(0) : when_idle)) {
      }
    });
    if (!channels[i].receives) continue;
    s->threads.emplace_back([s, i](const std::stop_token& stop) {
      while (state::rest(stop, s->read_one(i, stop) ? std::chrono::milliseconds(0) : when_idle)) {
      }
    });
  }
}

load::~load() {
  for (auto& each : state_->threads) each.request_stop();
  state_->threads.clear();
}

std::uint64_t load::finished() const {
  return state_->finished;
}

std::string load::problem() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->problem;
}

}  // namespace kp::endurance
