#include "tools/crash/operators.hpp"

#include "tests/tools/system/documents.hpp"

#include <fmt/format.h>

namespace kp::crash {

namespace json = boost::json;
using namespace std::chrono_literals;

operators::operators(place& where, findings& found, std::atomic<unsigned>& calls)
    : place_(where), findings_(found), calls_(calls) {
  threads_.emplace_back([this](const std::stop_token& stop) { move_seats(stop); });
  threads_.emplace_back([this](const std::stop_token& stop) { come_and_go(stop); });
}

operators::~operators() {
  leaving_ = true;
  for (auto& each : threads_) each.request_stop();
  threads_.clear();
}

// Until there is a clear answer. The fence rises with every change of hands, over restarts too.
void operators::move(const std::string& method, const std::string& body) {
  const auto step = fmt::format("seat of Bergvik, {} {}", method, body);
  for (int attempt = 0; attempt < 2000; ++attempt) {
    ++calls_;
    const auto answer =
        test::call(place_.admin_port(), method,
                   fmt::format("/admin/organisations/{}/seats/DPO", organisations[0].number),
                   test::basic(operator_user), body);
    if (answer.status == 0 || answer.status == 503 || answer.status == 429) {
      if (leaving_) return;  // perhaps there is no hub any more
      std::this_thread::sleep_for(40ms);
      continue;
    }
    if (answer.status != 200)
      return findings_.add(step, "200", fmt::format("{} {}", answer.status, answer.body));
    const auto said = answer.json();
    const auto* fence = said.as_object().if_contains("fence");
    const auto now = fence ? fence->to_number<std::uint64_t>() : 0;
    if (now < fence_)
      findings_.add(step, fmt::format("a fence of at least {}", fence_), answer.body);
    fence_ = now;
    ++moves_;
    return;
  }
  findings_.add(step, "an answer", "none");
}

void operators::move_seats(const std::stop_token& stop) {
  for (unsigned turn = 0; !stop.stop_requested(); ++turn) {
    std::this_thread::sleep_for(700ms);
    move("POST", fmt::format("{{\"channel\": \"{}\", \"waiting_moves\": true}}",
                             turn % 2 == 0 ? "barnevern" : "arkiv"));
  }
  move("DELETE", "{}");
}

bool operators::serves(bool expected, const std::stop_token& stop) {
  return test::until(
      [&] {
        if (leaving_ || stop.stop_requested()) return true;
        ++calls_;
        const auto status =
            test::call(place_.port(), "GET", "/api/messages/out", test::basic(newcomer_user))
                .status;
        return expected ? status == 200 : status == 401;
      },
      60s);
}

// They are not sent: what must stay is what was acknowledged.
void operators::write_drafts(unsigned count, const std::stop_token& stop) {
  for (unsigned i = 0; i < count && !stop.stop_requested(); ++i) {
    ++calls_;
    auto headers = test::basic(newcomer_user);
    headers["Content-Type"] = "application/json";
    const auto made = test::call(place_.port(), "POST", "/api/messages/out", headers,
                                 json::serialize(test::arkivmelding_to(organisations[0].number)));
    if (made.status == 200) ++drafts_;
    if (made.status == 0 || made.status >= 500) ++unclear_;
    std::this_thread::sleep_for(50ms);
  }
}

void operators::come_and_go(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    place_.put_newcomer(true);
    if (!serves(true, stop)) findings_.add("an organisation is added", "that it is served", "not");
    write_drafts(6, stop);
    place_.put_newcomer(false);
    ++removals_;
    if (!serves(false, stop))
      findings_.add("an organisation is removed", "401 for its channel", "something else");
  }
  place_.put_newcomer(true);
}

void operators::check() {
  for (auto& each : threads_) each.request_stop();
  threads_.clear();
  const std::stop_token none;
  if (!serves(true, none))
    return findings_.add("the organisation that came and went", "that it is served at the end",
                         "not");
  const auto listed =
      test::call(place_.port(), "GET", "/api/messages/out", test::basic(newcomer_user));
  const auto value = listed.json();
  const auto* total = value.is_object() ? value.as_object().if_contains("totalElements") : nullptr;
  const auto kept = total ? total->to_number<std::size_t>() : 0;
  if (kept < drafts_ || kept > drafts_ + unclear_)
    findings_.add("messages of the organisation that came and went",
                  fmt::format("{}, and perhaps {} more", drafts_, unclear_),
                  fmt::format("{} {}", kept, listed.body.substr(0, 200)));
}

}  // namespace kp::crash
