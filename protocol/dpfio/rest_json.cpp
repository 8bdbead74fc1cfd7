#include "protocol/dpfio/rest_json.hpp"

#include "protocol/http/http_error.hpp"
#include "protocol/ks/refusal.hpp"
#include "protocol/maskinporten/json.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace kp::dpfio {

namespace json = boost::json;

namespace {

// How long to leave alone what only an operator can put right.
constexpr std::chrono::hours after_refused_credentials{1};

error not_as_agreed(std::string_view call) {
  return transient(http::http_errc::bad_answer,
                   fmt::format("FIKS IO {}: the answer is not the JSON it should be", call));
}

}  // namespace

std::string metadata_json(const outgoing& what) {
  json::object out;
  out["avsenderKontoId"] = what.from;
  out["mottakerKontoId"] = what.to;
  out["meldingType"] = what.type;
  if (what.reply_to)
    out["svarPaMelding"] = *what.reply_to;
  else
    out["svarPaMelding"] = nullptr;
  if (what.ttl)
    out["ttl"] = what.ttl->count();
  else
    out["ttl"] = nullptr;
  json::object headers;
  for (const auto& [name, value] : what.headers) headers[name] = value;
  out["headere"] = std::move(headers);
  return json::serialize(out);
}

std::string accepted_id(std::string_view body) {
  const auto value = kp::json::parse(body);
  return value ? kp::json::text(*value, "meldingId").value_or("") : std::string();
}

result<account> parse_account(std::string_view body) {
  const auto value = kp::json::parse(body);
  auto id = value ? kp::json::text(*value, "kontoId") : std::nullopt;
  if (!id) return not_as_agreed("catalogue");
  account out;
  out.id = *std::move(id);
  out.name = kp::json::text(*value, "kontoNavn").value_or("");
  out.organisation = kp::json::text(*value, "organisasjonsnummer").value_or("");
  out.organisation_name = kp::json::text(*value, "fiksOrgNavn").value_or("");
  if (const auto* status = kp::json::member(*value, "status")) {
    out.valid_sender = kp::json::flag(*status, "gyldigAvsender");
    out.valid_receiver = kp::json::flag(*status, "gyldigMottaker");
    out.note = kp::json::text(*status, "melding").value_or("");
  }
  return out;
}

result<public_key> parse_key(std::string_view body) {
  const auto value = kp::json::parse(body);
  auto pem = value ? kp::json::text(*value, "nokkel") : std::nullopt;
  if (!pem) return not_as_agreed("public key");
  public_key out;
  out.pem = *std::move(pem);
  // Only a key that is said to be invalid is.
  const auto* valid = kp::json::member(*value, "valid");
  out.valid = !valid || !valid->is_bool() || valid->get_bool();
  out.note = kp::json::text(*value, "statusMessage").value_or("");
  return out;
}

error refusal(std::string_view what, const http::response& answer) {
  auto why = ks::refusal(what, answer);
  if (ks::is_of_credentials(answer)) {
    why.retryable = true;
    why.retry_after = after_refused_credentials;
    why.message +=
        "; check the integration of this organisation at KS, its password, its rights to the "
        "account, and the scope ks:fiks of its Maskinporten client";
  }
  return why;
}

}  // namespace kp::dpfio
