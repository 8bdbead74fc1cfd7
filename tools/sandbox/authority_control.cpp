#include "tools/sandbox/authority_control.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <boost/json/array.hpp>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::int64_t longest_life = 10LL * 365 * 24 * 3600;

}  // namespace

response authority_control::list() const {
  auto made = ca_.revocation_list(time_.now(), lasts_);
  if (!made) return empty_answer(500);
  response out;
  out.headers.emplace_back("Content-Type", "application/pkix-crl");
  out.body = *std::move(made);
  return out;
}

json::value authority_control::describe() const {
  json::array serials;
  for (const auto& each : ca_.revoked()) serials.emplace_back(each);
  return json::object{{"revoked", std::move(serials)}, {"listLastsSeconds", lasts_.count()}};
}

result<json::value> authority_control::answer(const request& call, const json::object& body) {
  if (call.method == "DELETE") {
    ca_.restore_all();
    lasts_ = usually_lasts;
  }
  if (call.method == "POST" && body.contains("listLastsSeconds")) {
    const auto lasts = number_at(body, "listLastsSeconds").value_or(longest_life + 1);
    if (lasts < -longest_life || lasts > longest_life)
      return permanent(sandbox_errc::invalid_request, "listLastsSeconds: ten years at most");
    lasts_ = std::chrono::seconds(lasts);
  }
  if (call.method == "POST" && body.contains("certificate")) {
    const auto leaf = certificate::from_pem(text_at(body, "certificate"));
    if (!leaf) return permanent(sandbox_errc::invalid_request, "certificate: this is no PEM");
    KP_CHECK(ca_.revoke(*leaf, time_.now()));
  }
  return describe();
}

}  // namespace kp::sandbox
