#include "tools/sandbox/service_bus_http.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view scheme = "SharedAccessSignature ";

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &length);
  return std::string(reinterpret_cast<const char*>(out), length);
}

// "Thu, 09 May 2030 01:32:27 GMT"
std::string http_date(time_point at) {
  constexpr std::string_view days[]{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[]{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

// The members of a token in any order, as they were sent.
std::map<std::string, std::string> members_of(std::string_view token) {
  std::map<std::string, std::string> out;
  while (!token.empty()) {
    const auto end = token.find('&');
    const auto member = token.substr(0, end);
    const auto equals = member.find('=');
    if (equals != std::string_view::npos)
      out[std::string(trim(member.substr(0, equals)))] = std::string(member.substr(equals + 1));
    if (end == std::string_view::npos) break;
    token.remove_prefix(end + 1);
  }
  return out;
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::pair<std::string, std::string> id_and_lock(const std::string& rest) {
  const auto slash = rest.find('/');
  return {rest.substr(0, slash), slash == std::string::npos ? "" : rest.substr(slash + 1)};
}

}  // namespace

std::string service_bus_http::refuse(const request& call) const {
  return refuse_token(call.header("authorization").value_or(""),
                      std::string(call.header("host").value_or("")) + call.path);
}

std::string service_bus_http::refuse_token(std::string_view header,
                                           const std::string& wanted) const {
  if (!header.starts_with(scheme)) return "MissingToken: The authorization header was not found";
  auto token = members_of(header.substr(scheme.size()));
  if (token["skn"] != state_.key_name()) return "InvalidSignature: The key name is not known";
  const auto expires = whole(token["se"]);
  if (!expires) return "MalformedToken: The expiry is no number";
  if (time_point(std::chrono::seconds(*expires)) + state_.settings.skew < time_.now())
    return "ExpiredToken: The token has expired";
  const auto signature = from_base64(percent_decode(token["sig"], true));
  if (!signature || *signature != hmac(state_.key(), token["sr"] + "\n" + token["se"]))
    return "InvalidSignature: The token has an invalid signature";
  // What it was made for, as the client sees this address; the scheme is the proxy's affair.
  auto resource = to_lower(percent_decode(percent_decode(token["sr"], true), false));
  if (const auto at = resource.find("://"); at != std::string::npos) resource.erase(0, at + 3);
  const auto asked = to_lower(wanted);
  if (resource.empty() || !asked.starts_with(resource))
    return "InvalidAudience: The token was made for another address";
  return {};
}

std::chrono::milliseconds service_bus_http::wait(const route& to, const request& call) {
  const auto queue = to_lower(to.id);
  if (!refuse(call).empty() || !state_.is_there(queue) || state_.has_free(queue)) return {};
  const auto asked = call.parameter("timeout");
  const auto seconds = asked ? whole(*asked) : std::nullopt;
  if (!seconds) return state_.settings.wait;
  return std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, longest_bus_wait.count()));
}

response service_bus_http::handle(const route& to, const request& call) {
  auto out = answer(to, call);
  note({{"method", call.method},
        {"path", call.path},
        {"query", call.query},
        {"queue", to_lower(to.id)},
        {"contentType", call.header("content-type").value_or("")},
        {"bytes", call.body.size()},
        {"status", out.status}});
  return out;
}

void service_bus_http::note(json::object entry) {
  if (journal_.size() >= max_journal) journal_.erase(journal_.begin());
  journal_.push_back(std::move(entry));
}

response service_bus_http::answer(const route& to, const request& call) {
  if (const auto why = refuse(call); !why.empty()) {
    response out;
    out.status = 401;
    out.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    out.body = why;
    return out;
  }
  const auto queue = to_lower(to.id);
  const auto [id, lock] = id_and_lock(to.process);
  switch (to.where) {
    case endpoint::service_bus_send: {
      const auto sent =
          state_.send(queue, call.body, std::string(call.header("content-type").value_or("")));
      return sent ? empty_answer(201) : refusal(sent.error());
    }
    case endpoint::service_bus_receive:
      return receive(queue, call);
    case endpoint::service_bus_complete: {
      const auto done = state_.complete(queue, id, lock);
      return done ? empty_answer(200) : refusal(done.error());
    }
    case endpoint::service_bus_unlock: {
      const auto done = state_.unlock(queue, id, lock);
      return done ? empty_answer(200) : refusal(done.error());
    }
    default: {
      const auto done = state_.renew(queue, id, lock);
      return done ? empty_answer(200) : refusal(done.error());
    }
  }
}

response service_bus_http::receive(const std::string& queue, const request& call) {
  const auto got = state_.receive(queue);
  if (!got) return refusal(got.error());
  if (!*got) return empty_answer(204);
  const auto& message = **got;
  response out;
  out.status = 201;
  out.headers.emplace_back(
      "BrokerProperties",
      json::serialize(json::object{{"DeliveryCount", message.deliveries},
                                   {"EnqueuedSequenceNumber", 0},
                                   {"EnqueuedTimeUtc", http_date(message.enqueued)},
                                   {"LockToken", message.lock},
                                   {"LockedUntilUtc", http_date(message.locked_until)},
                                   {"MessageId", message.id},
                                   {"SequenceNumber", message.sequence},
                                   {"State", "Active"},
                                   {"TimeToLive", 1209600}}));
  out.headers.emplace_back(
      "Location", fmt::format("http://{}/{}/messages/{}/{}", call.header("host").value_or(""),
                              queue, message.id, message.lock));
  if (!message.content_type.empty()) out.headers.emplace_back("Content-Type", message.content_type);
  out.body = *message.body;
  return out;
}

response service_bus_http::refusal(bus_refusal why) const {
  switch (why) {
    case bus_refusal::no_queue:
      return empty_answer(state_.settings.undeclared);
    case bus_refusal::quota:
    case bus_refusal::too_large:
      return empty_answer(403);
    case bus_refusal::no_lock:
      break;
  }
  return empty_answer(404);
}

}  // namespace kp::sandbox
