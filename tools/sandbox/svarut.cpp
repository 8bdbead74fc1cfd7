#include "tools/sandbox/svarut.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/maskinporten.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t full_list = 200;

template <class Map, class Fits>
auto find_in(const Map& map, Fits fits) -> const typename Map::mapped_type* {
  for (const auto& [key, value] : map)
    if (fits(value)) return &value;
  return nullptr;
}

}  // namespace

std::optional<std::pair<std::string, std::string>> basic_of(const request& call) {
  constexpr std::string_view scheme = "Basic ";
  const auto field = call.header("authorization").value_or("");
  if (!field.starts_with(scheme)) return {};
  const auto decoded = from_base64(field.substr(scheme.size()));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return {};
  return std::pair(decoded->substr(0, colon), decoded->substr(colon + 1));
}

std::string svarut::caller(const route& to, const request& call) const {
  if (const auto basic = basic_of(call)) {
    if (to.where == endpoint::svarut_soap) {
      const auto* sender = find_in(
          state_.senders, [&](const svarut_sender& each) { return each.username == basic->first; });
      return sender ? sender->organisation : std::string();
    }
    const auto* receiver = find_in(state_.receivers, [&](const svarinn_receiver& each) {
      return each.username == basic->first;
    });
    return receiver && !receiver->organisations.empty() ? *receiver->organisations.begin()
                                                        : std::string();
  }
  const auto bearer = call.bearer();
  const auto said = bearer ? parse_jwt(*bearer) : std::nullopt;
  return said ? organisation_of(said->claims, known_) : std::string();
}

response svarut::handle(const route& to, const request& call) {
  if (to.where == endpoint::svarut_soap) return soap(call);
  if (to.where == endpoint::svarut_key) {
    response out;
    out.headers.emplace_back("Content-Type", "application/x-pem-file");
    out.body = state_.own_certificate().pem() + "\n";
    return out;
  }
  return is_svarinn(to.where) ? svarinn(to, call) : rest(to, call);
}

response svarut::soap(const request& call) {
  const auto basic = basic_of(call);
  const auto* sender =
      basic ? find_in(state_.senders,
                      [&](const svarut_sender& each) {
                        return each.username == basic->first && each.password == basic->second;
                      })
            : nullptr;
  if (!sender) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"SvarUt\"");
    return out;
  }
  auto answered = answer_soap(state_, *sender, call, time_.now());
  response out;
  out.status = answered.status;
  out.headers.emplace_back("Content-Type", "application/soap+xml; charset=utf-8");
  out.body = std::move(answered.envelope);
  return out;
}

response svarut::svarinn(const route& to, const request& call) {
  const auto basic = basic_of(call);
  const auto* receiver =
      basic ? find_in(state_.receivers,
                      [&](const svarinn_receiver& each) {
                        return each.username == basic->first && each.password == basic->second;
                      })
            : nullptr;
  if (!receiver) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate", "Basic realm=\"SvarInn\"");
    return out;
  }
  if (to.where == endpoint::svarinn_list) {
    json::array list;
    for (const auto* item : state_.waiting(receiver->name, full_list)) list.push_back(item->entry);
    return json_answer(200, std::move(list));
  }
  if (to.where == endpoint::svarinn_download) {
    const auto* item = state_.find_item(receiver->name, to.id);
    if (!item) return empty_answer(404);
    response out;
    out.headers.emplace_back("Content-Type", "application/pkcs7-mime");
    out.body = item->payload;
    return out;
  }
  if (to.where == endpoint::svarinn_receipt)
    return empty_answer(state_.receipt(receiver->name, to.id) ? 200 : 404);
  boost::system::error_code ec;
  const auto body = json::parse(call.body, ec);
  const auto* said = ec ? nullptr : body.if_object();
  const auto* permanent = said ? said->if_contains("permanent") : nullptr;
  if (!permanent || !permanent->is_bool()) return empty_answer(400);
  const bool known =
      state_.refuse(receiver->name, to.id, text_at(*said, "feilmelding"), permanent->get_bool());
  return empty_answer(known ? 200 : 404);
}

}  // namespace kp::sandbox
