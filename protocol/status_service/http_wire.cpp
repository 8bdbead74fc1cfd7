#include "protocol/http/http_error.hpp"
#include "protocol/status_service/wire.hpp"

namespace kp::status_service {

namespace {

constexpr std::size_t max_answer = 64 * 1024;
constexpr std::chrono::seconds answer_deadline{30};
constexpr std::chrono::seconds exchange_deadline{60};

class http_wire final : public wire {
 public:
  http_wire(http::client& over, std::string url) : over_(over), url_(std::move(url)) {}

  http::awaitable<outcome> deliver(std::string document, std::string token) override {
    for (bool again = false;; again = true) {
      http::request asked;
      asked.method = "POST";
      asked.url = url_;
      asked.headers.add("Authorization", "Bearer " + token);
      asked.headers.add("Content-Type", "application/json");
      asked.body = document;
      asked.deadlines.read = answer_deadline;
      asked.deadlines.total = exchange_deadline;
      asked.max_response_bytes = max_answer;
      asked.may_cut_response = true;
      const auto answer = co_await over_.send(std::move(asked));
      if (answer) co_return judge(*answer);
      // Most often an idle connection that the service had closed; a repetition does no harm.
      if (again || answer.error().code != http::http_errc::cut)
        co_return judge_failure(answer.error());
    }
  }

 private:
  static outcome judge(const http::response& answer) {
    outcome made;
    made.what = judge_status(answer.status);
    if (made.taken()) return made;
    made.why = http::to_error("the status service", answer).message;
    made.retry_after = answer.retry_after();
    return made;
  }

  http::client& over_;
  const std::string url_;
};

}  // namespace

std::unique_ptr<wire> make_http_wire(http::client& over, std::string url) {
  return std::make_unique<http_wire>(over, std::move(url));
}

}  // namespace kp::status_service
