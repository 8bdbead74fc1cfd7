#include "tools/sandbox/broker_http.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/initialize_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view write_scope = "altinn:broker.write";
constexpr std::string_view read_scope = "altinn:broker.read";

struct error_text {
  unsigned status;
  std::string_view title, section, detail;
};

error_text text_of(broker_code code) {
  constexpr std::string_view bad = "Bad Request", s400 = "15.5.1";
  switch (code) {
    case broker_code::transfer_not_found:
      return {404, "Not Found", "15.5.5", "The requested file transfer was not found"};
    case broker_code::no_file_uploaded:
      return {400, bad, s400, "No file uploaded yet"};
    case broker_code::already_uploaded:
      return {409, "Conflict", "15.5.10",
              "A file transfer has already been, or attempted to be, created. Create a new file "
              "transfer resource to try again."};
    case broker_code::no_access:
      return {
          401, "Unauthorized", "15.5.2",
          "You must use a bearer token that represents a system user with access to the resource "
          "in the Resource Rights Registry"};
    case broker_code::not_available:
      return {403, "Forbidden", "15.5.4",
              "The requested file transfer's file is not ready for download. See file transfer "
              "status."};
    case broker_code::upload_failed:
      return {500, "Internal Server Error", "15.6.1",
              "Error occurred while uploading file See /details for more information."};
    case broker_code::checksum_mismatch:
      return {400, bad, s400,
              "The checksum of uploaded file did not match the checksum specified in initialize "
              "call."};
    case broker_code::not_published:
      return {
          400, bad, s400,
          "A file transfer can only be confirmed to be downloaded when it is published. See file "
          "transfer status."};
    case broker_code::too_large:
      return {400, bad, s400, "File size exceeds maximum"};
    case broker_code::confirm_before_download:
      return {400, bad, s400, "Cannot confirm before the files have been downloaded"};
    case broker_code::storage_not_ready:
      return {503, "Service Unavailable", "15.6.4",
              "Storage provider is not ready yet. Please try again later."};
    case broker_code::bad_range:
      return {416, "Range Not Satisfiable", "15.5.17",
              "The requested byte range is not satisfiable."};
  }
  return {500, "Internal Server Error", "15.6.1", "Internal Server Error"};
}

// The caller of a token (dpo.md 2.4). Only a system user can hold the access package that the
// resource asks for.
std::string caller_of(const json::object& claims) {
  const auto* list = array_at(claims, "authorization_details");
  const auto* user = list && !list->empty() ? list->at(0).if_object() : nullptr;
  if (!user || text_at(*user, "type") != "urn:altinn:systemuser" ||
      texts_at(*user, "systemuser_id").empty() || text_at(*user, "system_id").empty())
    return {};
  return iso6523_at(*user, "systemuser_org").value_or("");
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex =
        std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

bool has_type(const request& call, std::string_view wanted) {
  const auto type = call.header("content-type").value_or("");
  return equals_ignoring_case(trim(type.substr(0, type.find(';'))), wanted);
}

struct byte_range {
  std::uint64_t first, last;
};
// A single range of a file of `size` bytes; nullopt when it cannot be satisfied.
std::optional<byte_range> resolve_range(std::string_view text, std::uint64_t size) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || size == 0) return {};
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (ec != std::errc() || end != digits.data() + digits.size()) return {};
    return value;
  };
  const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
  if (!first && last && dash == 0)
    return *last == 0 ? std::nullopt
                      : std::optional(byte_range{size - std::min(size, *last), size - 1});
  if (!first || *first >= size || (last && *last < *first)) return {};
  return byte_range{*first, std::min(last.value_or(size - 1), size - 1)};
}

}  // namespace

response broker_http::handle(const route& to, const request& call) {
  auto let_in = admit(to, call);
  if (auto* refusal = std::get_if<response>(&let_in)) return std::move(*refusal);
  const auto& who = std::get<admitted>(let_in);
  if (to.where == endpoint::initialize) return initialize(who, call);
  if (to.where == endpoint::search) return search(who, call);
  if (!is_guid(to.id))
    return invalid(
        {{"fileTransferId", json::array{fmt::format("The value '{}' is not valid.", to.id)}}});
  const auto id = to_lower(to.id);
  if (to.where == endpoint::download) return download(who, id, call);
  if (to.where == endpoint::confirm) {
    const auto confirmed = state_.confirm(id, who.caller);
    return confirmed ? empty_answer(204) : problem(confirmed.error());
  }
  return overview(who, id, to.where == endpoint::details);
}

broker_http::admission broker_http::admit(const route& to, const request& call) {
  const auto bearer = call.bearer();
  if (limits.on) {
    const auto token = bearer ? parse_jwt(*bearer) : std::nullopt;
    const bool searches = to.where == endpoint::search || to.where == endpoint::details;
    const auto wait =
        limits.refuse(token ? text_at(token->claims, "client_id") : std::string(),
                      std::string(to_string(to.where)),
                      searches ? limits.search_quota : limits.other_quota, time_.now());
    if (wait) {
      auto out =
          json_answer(429, {{"statusCode", 429},
                            {"message", fmt::format("Rate limit is exceeded. Try again in {} "
                                                    "seconds.",
                                                    wait->count())}});
      out.headers.emplace_back("Retry-After", std::to_string(wait->count()));
      return out;
    }
  }
  auto claims = bearer ? verified_claims(*bearer, altinn_, time_.now()) : std::nullopt;
  if (bearer && !claims) claims = verified_claims(*bearer, maskinporten_, time_.now());
  if (!claims) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate",
                             bearer ? "Bearer error=\"invalid_token\"" : "Bearer");
    return out;
  }
  const auto scopes = words(text_at(*claims, "scope"));
  const auto has = [&](std::string_view scope) {
    return std::ranges::find(scopes, scope) != scopes.end();
  };
  const bool sends = to.where == endpoint::initialize || to.where == endpoint::upload;
  const bool receives = to.where == endpoint::download || to.where == endpoint::confirm;
  if (!((has(write_scope) && !receives) || (has(read_scope) && !sends))) return empty_answer(403);
  if (to.where != endpoint::download && !call.accepts("application/json")) return empty_answer(406);
  return admitted{caller_of(*claims)};
}

response broker_http::initialize(const admitted& who, const request& call) {
  if (!has_type(call, "application/json")) return empty_answer(415);
  auto reading = read_initialize(call.body);
  if (!reading.errors.empty()) return invalid(std::move(reading.errors));
  if (reading.made.resource != resource_ || reading.made.sender != who.caller)
    return problem(broker_code::no_access);
  const auto made = state_.initialize(std::move(reading.made));
  if (!made) return problem(made.error());
  return json_answer(200, {{"fileTransferId", (*made)->id}});
}

response broker_http::search(const admitted& who, const request& call) {
  search_filter filter;
  json::object errors;
  const auto complain = [&](std::string_view name, const std::string& value) {
    errors[name] = json::array{fmt::format("The value '{}' is not valid.", value)};
  };
  const auto resource = call.parameter("resourceId").value_or("");
  if (resource.empty()) errors["resourceId"] = json::array{"The resourceId field is required."};
  filter.resource = resource_in(resource);
  if (const auto value = call.parameter("status"); value && !value->empty())
    if (filter.status = parse_transfer_status(*value); !filter.status) complain("status", *value);
  if (const auto value = call.parameter("recipientStatus"); value && !value->empty())
    if (filter.recipient = parse_recipient_status(*value); !filter.recipient)
      complain("recipientStatus", *value);
  if (const auto value = call.parameter("from"); value && !value->empty())
    if (filter.from = parse_timestamp_with_offset(*value); !filter.from) complain("from", *value);
  if (const auto value = call.parameter("to"); value && !value->empty())
    if (filter.to = parse_timestamp_with_offset(*value); !filter.to) complain("to", *value);
  if (const auto value = call.parameter("orderAscending"))
    filter.ascending = equals_ignoring_case(*value, "true");
  if (const auto value = call.parameter("role")) {
    filter.as_sender = !equals_ignoring_case(*value, "Recipient");
    filter.as_recipient = !equals_ignoring_case(*value, "Sender");
  }
  if (!errors.empty()) return invalid(std::move(errors));
  if (who.caller.empty() || filter.resource != resource_) return problem(broker_code::no_access);
  filter.caller = who.caller;
  json::array ids;
  for (auto& id : state_.search(filter)) ids.emplace_back(std::move(id));
  return json_answer(200, std::move(ids));
}

response broker_http::overview(const admitted& who, const std::string& id, bool details) {
  const auto found = state_.overview(id, who.caller);
  return found ? json_answer(200, describe(**found, details)) : problem(found.error());
}

response broker_http::download(const admitted& who, const std::string& id, const request& call) {
  const auto found = state_.may_download(id, who.caller);
  if (!found) return problem(found.error());
  const auto size = (*found)->size;
  std::optional<byte_range> range;
  // Several ranges, or another unit, are as if there were none.
  if (const auto asked = call.header("range");
      asked && asked->starts_with("bytes=") && asked->find(',') == std::string_view::npos) {
    range = resolve_range(asked->substr(6), size);
    if (!range) return problem(broker_code::bad_range);
  }
  auto file = stored_file::open((*found)->content);
  if (!file) return problem(broker_code::storage_not_ready);
  state_.mark_downloaded(id, who.caller, !range);
  response out;
  out.status = range ? 206 : 200;
  out.headers.emplace_back("Content-Type", "application/octet-stream");
  out.headers.emplace_back("Content-Disposition",
                           fmt::format("attachment; filename={}", (*found)->file_name));
  out.headers.emplace_back("Accept-Ranges", "bytes");
  out.file = std::move(*file);
  out.length = size;
  if (range) {
    out.offset = range->first;
    out.length = range->last - range->first + 1;
    out.headers.emplace_back("Content-Range",
                             fmt::format("bytes {}-{}/{}", range->first, range->last, size));
  }
  return out;
}

broker_http::upload_start broker_http::begin_upload(const route& to, const request& head) {
  auto let_in = admit(to, head);
  if (auto* refusal = std::get_if<response>(&let_in)) return std::move(*refusal);
  if (!has_type(head, "application/octet-stream")) return empty_answer(415);
  if (!is_guid(to.id))
    return invalid(
        {{"fileTransferId", json::array{fmt::format("The value '{}' is not valid.", to.id)}}});
  auto writer =
      state_.begin_upload(to_lower(to.id), std::get<admitted>(let_in).caller, head.content_length);
  if (!writer) return problem(writer.error());
  return std::move(*writer);
}

response broker_http::finish_upload(const route& to, file_writer& written, bool malware) {
  const auto id = to_lower(to.id);
  const auto finished = state_.finish_upload(id, written, malware);
  return finished ? json_answer(200, {{"fileTransferId", id}}) : problem(finished.error());
}

void broker_http::abort_upload(const route& to) {
  state_.abort_upload(to_lower(to.id));
}

response broker_http::problem(broker_code code) const {
  const auto text = text_of(code);
  return json_answer(
      text.status,
      {{"type", fmt::format("https://tools.ietf.org/html/rfc9110#section-{}", text.section)},
       {"title", text.title},
       {"status", text.status},
       {"detail", text.detail},
       {"code", fmt::format("BRO-{:05}", static_cast<int>(code))},
       {"traceId", trace_id()}},
      "application/json; charset=utf-8");
}

response broker_http::invalid(json::object errors) const {
  return json_answer(400,
                     {{"type", "https://tools.ietf.org/html/rfc9110#section-15.5.1"},
                      {"title", "One or more validation errors occurred."},
                      {"status", 400},
                      {"errors", std::move(errors)},
                      {"traceId", trace_id()}},
                     "application/problem+json; charset=utf-8");
}

std::string broker_http::trace_id() const {
  return fmt::format("00-{}-{}-00", to_hex(random_.bytes(16)), to_hex(random_.bytes(8)));
}

}  // namespace kp::sandbox
