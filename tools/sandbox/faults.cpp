#include "tools/sandbox/faults.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 14> kind_names{
    "delay",          "status",          "cut",          "cut_after",      "truncate",
    "reset_mid_body", "wrong_signature", "empty_body",   "malformed_json", "wrong_bytes",
    "malware",        "null_field",      "remove_field", "remove_header"};
constexpr std::int64_t longest_delay_ms = 10 * 60 * 1000;

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

std::uint64_t positive(const json::object& body, std::string_view name) {
  const auto value = number_at(body, name).value_or(0);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

bool strikes(const fault& f) {
  if (f.every > 0) return f.seen % f.every == 0 && (f.count == 0 || f.fired < f.count);
  return f.seen >= std::max<std::uint64_t>(f.nth, 1) &&
         f.fired < std::max<std::uint64_t>(f.count, 1);
}

}  // namespace

mishap fault::as_mishap() const {
  mishap out;
  out.delay = delay;
  switch (kind) {
    case fault_kind::cut:
      out.cut = cut_kind::before;
      break;
    case fault_kind::cut_after:
      out.cut = cut_kind::after;
      break;
    case fault_kind::truncate:
      out.cut = cut_kind::truncate;
      break;
    case fault_kind::reset_mid_body:
      out.cut = cut_kind::reset_mid_body;
      break;
    default:
      break;
  }
  return out;
}

result<std::uint64_t> fault_list::add(const json::object& body) {
  if (faults_.size() >= max_faults)
    return invalid(fmt::format("there are {} faults already; DELETE /control/faults", max_faults));
  fault made;
  if (const auto name = text_at(body, "endpoint"); !name.empty() && name != "*") {
    made.where = parse_endpoint(name);
    if (!made.where || *made.where == endpoint::control)
      return invalid(fmt::format("endpoint: \"{}\" is none that the README lists", name));
  }
  const auto kind = text_at(body, "kind");
  const auto at = std::ranges::find(kind_names, kind);
  if (at == kind_names.end())
    return invalid(fmt::format("kind: \"{}\" is none of {}", kind, fmt::join(kind_names, ", ")));
  made.kind = static_cast<fault_kind>(at - kind_names.begin());
  made.organisation = text_at(body, "organisation");
  made.transfer = text_at(body, "transfer");
  made.nth = positive(body, "nth");
  made.every = positive(body, "every");
  made.count = positive(body, "count");
  if (made.nth && made.every) return invalid("nth and every exclude each other");
  const auto status = number_at(body, "status").value_or(500);
  if (status < 200 || status > 599) return invalid("status: 200 to 599");
  made.status = static_cast<unsigned>(status);
  made.retry_after = number_at(body, "retryAfter");
  const auto delay = number_at(body, "delayMs").value_or(0);
  if (delay < 0 || delay > longest_delay_ms)
    return invalid(fmt::format("delayMs: 0 to {}", longest_delay_ms));
  made.delay = std::chrono::milliseconds(delay);
  made.body = text_at(body, "body");
  made.content_type = text_at(body, "contentType");
  made.field = text_at(body, "field");
  if ((made.kind == fault_kind::null_field || made.kind == fault_kind::remove_field ||
       made.kind == fault_kind::remove_header) &&
      made.field.empty())
    return invalid("field: which member or header of the answer is meant");
  made.id = next_id_++;
  faults_.push_back(std::move(made));
  return faults_.back().id;
}

std::optional<fault> fault_list::strike(endpoint where, std::string_view organisation,
                                        std::string_view transfer) {
  std::optional<fault> struck;
  for (auto& f : faults_) {
    if ((f.where && *f.where != where) ||
        (!f.organisation.empty() && f.organisation != organisation) ||
        (!f.transfer.empty() && f.transfer != transfer))
      continue;
    ++f.seen;
    if (struck || !strikes(f)) continue;
    ++f.fired;
    struck = f;
  }
  return struck;
}

json::array fault_list::describe() const {
  json::array out;
  for (const auto& f : faults_)
    out.push_back({{"id", f.id},
                   {"endpoint", f.where ? to_string(*f.where) : "*"},
                   {"kind", kind_names[static_cast<std::size_t>(f.kind)]},
                   {"organisation", f.organisation},
                   {"transfer", f.transfer},
                   {"seen", f.seen},
                   {"fired", f.fired}});
  return out;
}

response canned_answer(const fault& f) {
  response out = f.body.empty()
                     ? json_answer(f.status, {{"title", "Injected fault"}, {"status", f.status}})
                     : empty_answer(f.status);
  if (!f.body.empty()) {
    out.body = f.body;
    out.headers.emplace_back("Content-Type",
                             f.content_type.empty() ? "application/json" : f.content_type);
  }
  if (f.retry_after) out.headers.emplace_back("Retry-After", std::to_string(*f.retry_after));
  return out;
}

response spoil(response answer, const fault& f) {
  switch (f.kind) {
    case fault_kind::empty_body:
      answer.body.clear();
      answer.file.reset();
      break;
    case fault_kind::malformed_json:
      answer.file.reset();
      answer.body = answer.body.size() < 2 ? "{" : answer.body.substr(0, answer.body.size() / 2);
      break;
    case fault_kind::wrong_bytes:
      answer.corrupt = true;
      break;
    case fault_kind::null_field:
    case fault_kind::remove_field: {
      boost::system::error_code ec;
      auto value = json::parse(answer.body, ec);
      if (ec || !value.is_object()) break;
      if (f.kind == fault_kind::null_field)
        value.get_object()[f.field] = nullptr;
      else
        value.get_object().erase(f.field);
      answer.body = json::serialize(value);
      break;
    }
    case fault_kind::remove_header:
      std::erase_if(answer.headers,
                    [&](const auto& each) { return equals_ignoring_case(each.first, f.field); });
      break;
    default:
      break;
  }
  return answer;
}

}  // namespace kp::sandbox
