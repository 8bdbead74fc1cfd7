#include "tools/sandbox/registry.hpp"

#include "config/text.hpp"
#include "tools/sandbox/answers.hpp"
#include "tools/sandbox/dpe_records.hpp"
#include "tools/sandbox/dph_records.hpp"
#include "tools/sandbox/dpi_state.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr auto certificate_life = std::chrono::hours(24 * 3650);

bool digits(std::string_view text, std::size_t count) {
  return text.size() == count &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

response refuse(const request& call, unsigned status, std::string_view description) {
  // Its handler sets no type, so that the type of an unsigned error follows Accept.
  return json_answer(status, {{"error_code", ""}, {"error_description", description}},
                     call.asks_for("application/jose") ? "application/jose" : "application/json");
}

// Both families of scope names: eformidling:dpo and move/dpo.read.
bool may(const json::object& claims, std::string_view service) {
  const auto scopes = words(text_at(claims, "scope"));
  return std::ranges::any_of(scopes, [&](const std::string& scope) {
    if (service.empty())
      return scope.starts_with("eformidling:") ||
             (scope.starts_with("move/") && scope.ends_with(".read"));
    return scope == fmt::format("eformidling:{}", service) ||
           scope == fmt::format("move/{}.read", service);
  });
}

bool is_health_address(std::string_view identifier) {
  return identifier.starts_with("her-id:") || identifier.starts_with("fastlege-for:");
}

// 910075918, 0192:910075918 and 0192:910075918:part to the nine digits.
std::optional<std::string> organisation_number_in(std::string_view identifier) {
  if (identifier.starts_with("0192:")) {
    identifier.remove_prefix(5);
    identifier = identifier.substr(0, identifier.find(':'));
  }
  if (!digits(identifier, 9)) return {};
  return std::string(identifier);
}

}  // namespace

result<registry::signing> registry::make_signing(const certificate_authority& ca, time_point now) {
  KP_TRY(auto key, rsa_key::generate());
  KP_TRY(auto own, ca.issue_for(key, "Sandbox Service Registry", now - std::chrono::hours(24),
                                now + certificate_life));
  return signing{std::move(key), std::move(own)};
}

result<void> registry::rotate_key() {
  KP_TRY(signing_, make_signing(ca_, time_.now()));
  return {};
}

response registry::handle(const route& to, const request& call, const rsa_key* signer) const {
  if (to.where == endpoint::registry_jwk) {
    auto jwk = signing_.key.public_jwk();
    jwk["use"] = "sig";
    jwk["alg"] = "RS256";
    jwk["kid"] = signing_.key.thumbprint();
    jwk["x5c"] = json::array{to_base64(signing_.own.der())};
    return json_answer(200, {{"keys", json::array{std::move(jwk)}}});
  }
  const auto bearer = call.bearer();
  const auto claims = bearer ? verified_claims(*bearer, maskinporten_, time_.now()) : std::nullopt;
  if (!claims) {
    auto out = empty_answer(401);
    out.headers.emplace_back("WWW-Authenticate",
                             bearer ? "Bearer error=\"invalid_token\"" : "Bearer");
    return out;
  }
  if (!iso6523_at(*claims, "consumer"))
    return refuse(
        call, 401,
        fmt::format("Unauthorized lookup from {} - consumer.ID claim in token not present, "
                    "or does not match ISO6523",
                    call.remote_address));
  const bool citizen = digits(to.id, 11);
  const bool health = is_health_address(to.id);
  const auto* needed = to.where == endpoint::registry_sastoken ? "dpe"
                       : citizen                               ? "dpi"
                       : health                                ? "dph"
                                                               : "";
  if (!may(*claims, needed)) return refuse(call, 401, "Access Denied");
  if (to.where == endpoint::registry_sastoken) {
    if (!call.asks_for("application/jose")) return empty_answer(406);
    return signed_answer(call, sas_key(), "text/plain;charset=UTF-8", signer);
  }
  if (citizen) {
    auto out = about_citizen(to, call, *claims);
    if (out && out->status == 200)
      return signed_answer(call, out->body, "application/json", signer);
    if (out) return *std::move(out);
  }
  if (health && to.where != endpoint::registry_virksert) {
    auto out = about_health(to, call);
    return out.status == 200 ? signed_answer(call, out.body, "application/json", signer) : out;
  }
  if (citizen && to.where == endpoint::registry_identifier)
    return json_answer(
        404, {{"message", fmt::format("No service record found for citizen: {}", to.id)}});
  if (citizen && to.where == endpoint::registry_process)
    return json_answer(500, {{"status", 500}, {"error", "Internal Server Error"}});
  if (to.where == endpoint::registry_info && (citizen || !organisation_number_in(to.id)))
    return empty_answer(404);
  if (!organisation_number_in(to.id))
    return json_answer(400, {{"status", 400}, {"error", "Bad Request"}});
  auto out = to.where == endpoint::registry_virksert ? virksert(to, call) : identifier(to, call);
  if (out.status != 200) return out;
  return signed_answer(
      call, out.body,
      to.where == endpoint::registry_virksert ? "text/plain;charset=UTF-8" : "application/json",
      signer);
}

std::optional<response> registry::about_citizen(const route& to, const request& call,
                                                const json::object& claims) const {
  const auto* found = residents_ ? residents_->find(to.id) : nullptr;
  const bool one = to.where == endpoint::registry_process;
  if (!found || (!one && to.where != endpoint::registry_identifier)) return {};
  const auto* caller = known_.find(iso6523_at(claims, "consumer").value_or(""));
  if (!caller) return refuse(call, 404, "The caller is not in the register of organisations");
  const auto mailbox = operators_->mailbox(), printer = operators_->printer();
  if (!mailbox || !printer) return empty_answer(500);
  const mail_operator takes{found->mailbox_provider, (*mailbox)->certificate.pem()};
  const mail_operator prints{std::string(dpi_state::printer_number), (*printer)->certificate.pem()};
  const bool print_allowed = call.parameter("print") != "false";
  json::array records;
  for (const auto process : {info_process, vedtak_process}) {
    if (one && to.process != process) continue;
    for (auto& record :
         citizen_records(*found, process, *caller, print_allowed, takes, prints, endpoint_url_))
      records.push_back(std::move(record));
  }
  if (records.empty())
    return refuse(call, 404,
                  one ? fmt::format("Process {} not found for receiver {}", to.process, to.id)
                      : fmt::format("No service record found for citizen: {}", to.id));
  return json_answer(200, {{"infoRecord",
                            {{"identifier", found->number},
                             {"organizationName", nullptr},
                             {"postadresse", nullptr},
                             {"entityType", {{"name", "citizen"}}}}},
                           {"serviceRecords", std::move(records)}});
}

response registry::about_health(const route& to, const request& call) const {
  const bool beta = call.header("x-enable-beta-features") == "true";
  const auto* found = beta && health_ ? health_->resolve(to.id) : nullptr;
  const auto not_found = [&] {
    return refuse(call, 404,
                  fmt::format("Process {} not found for receiver {}", to.process, to.id));
  };
  if (!found) {
    if (to.where == endpoint::registry_info) return empty_answer(404);
    if (to.where == endpoint::registry_process) return not_found();
    return json_answer(
        200, {{"infoRecord", {{"identifier", to.id}}}, {"serviceRecords", json::array{}}});
  }
  const auto adapter = health_->own();
  if (!adapter) return empty_answer(500);
  json::array records;
  if (to.where != endpoint::registry_info)
    records = health_records(*health_, to.id, *found, to.process, (*adapter)->certificate.pem(),
                             endpoint_url_);
  if (to.where == endpoint::registry_process && records.empty()) return not_found();
  return json_answer(200, {{"infoRecord", health_info(*health_, to.id, *found)},
                           {"serviceRecords", std::move(records)}});
}

response registry::identifier(const route& to, const request& call) const {
  const auto number = *organisation_number_in(to.id);
  const auto* found = known_.find(number);
  if (!found) {
    if (to.where == endpoint::registry_info) return empty_answer(404);
    return refuse(call, 404, fmt::format("Entity with identifier '0192:{}' not found.", number));
  }
  json::array records;
  if (to.where == endpoint::registry_process) {
    const bool arkivmelding =
        std::ranges::find(arkivmelding_processes(), to.process) != arkivmelding_processes().end();
    const auto asked = call.parameter("securityLevel");
    const bool level4 = asked == "4";
    std::optional<std::int64_t> level;
    if (asked && digits(*asked, 1)) level = asked->front() - '0';
    auto one = record(*found, to.process, level);
    const bool dpv = one && text_at(one->at("service").as_object(), "identifier") == "DPV";
    // Without a receiver of that level in SvarUt, level 4 is DPO or nothing
    // (service-registry.md 5.2).
    if (level4 && dpv) {
      if (arkivmelding && found->processes.empty())
        return refuse(call, 400,
                      fmt::format("Organisation '0192:{}' can not receive messages with security "
                                  "level '4'",
                                  number));
      one.reset();
    }
    if (!one)
      return refuse(call, 404,
                    fmt::format("Process {} not found for receiver 0192:{}", to.process, number));
    records.push_back(*std::move(one));
  } else if (to.where == endpoint::registry_identifier) {
    for (const auto* list : {&arkivmelding_processes(), &avtalt_processes(), &einnsyn_processes()})
      for (const auto& process : *list)
        if (auto one = record(*found, process, {})) records.push_back(*std::move(one));
  }
  return json_answer(200,
                     {{"infoRecord", info_record(*found)}, {"serviceRecords", std::move(records)}});
}

std::optional<json::object> registry::record(const organisation& known, const std::string& process,
                                             std::optional<std::int64_t> level) const {
  if (known.processes.contains(process)) return dpo_record(known, process);
  if (auto einnsyn = dpe_record(known, process)) return einnsyn;
  const auto& fallback = arkivmelding_processes();
  if (std::ranges::find(fallback, process) == fallback.end()) return {};
  if (const auto found = ks_.level_of(known.number, level))
    return dpf_record(known, process, *found);
  return dpv_record(known, process);
}

json::object registry::info_record(const organisation& known) const {
  return {
      {"identifier", known.number},
      {"organizationName", known.name},
      {"postadresse", known.address.empty() ? json::value(nullptr) : json::value(known.address)},
      {"entityType", {{"name", known.form}}}};
}

json::object registry::dpo_record(const organisation& known, const std::string& process) const {
  json::array types;
  for (auto& type : document_types_of(process)) types.emplace_back(std::move(type));
  return {{"organisationNumber", known.number},
          {"pemCertificate", known.certificate->pem()},
          {"process", process},
          {"documentTypes", std::move(types)},
          {"service",
           {{"identifier", "DPO"},
            {"endpointUrl", endpoint_url_},
            {"serviceCode", "4192"},
            {"serviceEditionCode", "270815"},
            {"securityLevel", nullptr},
            {"resource", resource_}}}};
}

json::object registry::dpv_record(const organisation& known, const std::string& process) const {
  // "…:arkivmelding:administrasjon:ver1.0" has the resource eformidling-dpv-administrasjon.
  const auto end = process.rfind(':');
  const auto begin = process.rfind(':', end - 1) + 1;
  const auto area = to_lower(std::string_view(process).substr(begin, end - begin));
  json::array types;
  for (auto& type : document_types_of(process)) types.emplace_back(std::move(type));
  return {{"organisationNumber", known.number},
          {"pemCertificate", nullptr},
          {"process", process},
          {"documentTypes", std::move(types)},
          {"service",
           {{"identifier", "DPV"},
            {"endpointUrl", endpoint_url_},
            {"serviceCode", "4255"},
            {"serviceEditionCode", "10"},
            {"securityLevel", nullptr},
            {"resource", "eformidling-dpv-" + area}}}};
}

// The certificate is SvarUt's own, not the receiver's (dpf.md 3).
json::object registry::dpf_record(const organisation& known, const std::string& process,
                                  std::int64_t level) const {
  json::array types;
  for (auto& type : document_types_of(process)) types.emplace_back(std::move(type));
  return {{"organisationNumber", known.number},
          {"pemCertificate", ks_.own_certificate().pem()},
          {"process", process},
          {"documentTypes", std::move(types)},
          {"service",
           {{"identifier", "DPF"}, {"endpointUrl", endpoint_url_}, {"securityLevel", level}}}};
}

response registry::virksert(const route& to, const request& call) const {
  const auto number = *organisation_number_in(to.id);
  const auto* found = known_.find(number);
  if (health_ && number == dph_state::adapter_number) {
    const auto adapter = health_->own();
    if (!adapter) return empty_answer(500);
    response out;
    out.body = (*adapter)->certificate.pem();
    return out;
  }
  if (!found || (!found->services.contains("DPO") && !found->services.contains("DPE")))
    return refuse(call, 404, fmt::format("Unable to find DPO certificate for: {}", number));
  response out;
  out.body = found->certificate->pem();
  return out;
}

response registry::signed_answer(const request& call, const std::string& payload,
                                 std::string_view plain_type, const rsa_key* signer) const {
  response out;
  if (!call.asks_for("application/jose")) {
    out.headers.emplace_back("Content-Type", plain_type);
    out.body = payload;
    return out;
  }
  out.headers.emplace_back("Content-Type", "application/jose");
  out.body = make_jws(
      signer ? *signer : signing_.key,
      {{"x5c", json::array{to_base64(signing_.own.der())}}, {"kid", signing_.key.thumbprint()}},
      payload);
  return out;
}

}  // namespace kp::sandbox
