#include "tools/kpctl/admin_client.hpp"

#include "config/text.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace kp::ctl {

namespace {

namespace asio = boost::asio;
constexpr std::size_t most_bytes = 64u << 20;

// What the listener says against a request, in its own words where it has some.
error refusal(const std::string& url, const http::response& answer) {
  boost::system::error_code failed;
  const auto value = boost::json::parse(answer.body, failed);
  const auto* object = failed ? nullptr : value.if_object();
  const auto* message = object ? object->if_contains("message") : nullptr;
  auto text =
      message && message->is_string()
          ? std::string(message->get_string())
          : fmt::format("{} answered HTTP {}; is that an admin listener?", url, answer.status);
  if (answer.status == 401) text += " (--user, and KPCTL_PASSWORD or --password-file)";
  return permanent(http::http_errc::refused, std::move(text));
}

}  // namespace

result<boost::json::value> ask(const admin_address& at, const order& what) {
  asio::io_context here{1};
  asio::thread_pool workers{1};
  http::client_options options;
  options.ca_file = at.ca_file;
  options.user_agent = "kpctl/" KP_VERSION;
  KP_TRY(auto client, http::client::make(here, workers, options));
  http::request asked;
  asked.method = what.method;
  asked.url = at.url + what.path;
  asked.headers.add("Accept", "application/json");
  if (!at.user.empty())
    asked.headers.add("Authorization", "Basic " + to_base64(at.user + ":" + at.password));
  if (what.body) {
    asked.headers.add("Content-Type", "application/json");
    asked.body = boost::json::serialize(*what.body);
  }
  asked.max_response_bytes = most_bytes;
  result<http::response> answer = http::response{};
  auto task = [](http::client& by, asio::io_context& on, http::request request,
                 result<http::response>& into) -> http::awaitable<void> {
    into = co_await by.send(std::move(request));
    on.stop();  // what is pooled would keep it running
  };
  asio::co_spawn(here, task(*client, here, std::move(asked), answer), asio::detached);
  here.run();
  client.reset();
  if (!answer) return with_context(answer.error(), at.url);
  // A hub that is DOWN says so with 503, and what is wrong in the body.
  const bool is_health = what.path == "/manage/health" && answer->status == 503;
  if (answer->status != 200 && !is_health) return refusal(at.url, *answer);
  boost::system::error_code failed;
  auto value = boost::json::parse(answer->body, failed);
  if (failed)
    return permanent(http::http_errc::bad_answer,
                     fmt::format("{} answered no JSON; is that an admin listener?", at.url));
  return value;
}

}  // namespace kp::ctl
