#include "protocol/dpi/receipt.hpp"

#include "config/text.hpp"
#include "protocol/crypto/jws_any.hpp"
#include "protocol/dpi/schemas.hpp"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <boost/json.hpp>

#include <array>

namespace kp::dpi {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_jws = 256 * 1024;

struct known_type {
  std::string_view name;
  receipt_kind kind;
};
constexpr std::array known_types{
    known_type{"leveringskvittering", receipt_kind::delivered},
    known_type{"aapningskvittering", receipt_kind::opened},
    known_type{"varslingfeiletkvittering", receipt_kind::notification_failed},
    known_type{"mottakskvittering", receipt_kind::received},
    known_type{"returpostkvittering", receipt_kind::returned},
    known_type{"feil", receipt_kind::failed},
    known_type{"flyttet", receipt_kind::other}};

error bad(std::string why) {
  return permanent(dpi_errc::bad_receipt, "Verifying JWT failed: " + std::move(why));
}
error bad(const error& why) {
  return bad(why.message);
}

std::string text_in(const json::value& in, std::string_view name) {
  const auto* object = in.if_object();
  const auto* value = object ? object->if_contains(name) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::value& member(const json::value& in, std::string_view name) {
  static const json::value none;
  const auto* object = in.if_object();
  const auto* value = object ? object->if_contains(name) : nullptr;
  return value ? *value : none;
}

const json::value& first(const json::value& list) {
  static const json::value none;
  const auto* array = list.if_array();
  return array && !array->empty() ? array->front() : none;
}

result<crypto::certificate> signer_of(const crypto::jws& token) {
  const auto* chain = token.header.if_contains("x5c");
  if (!chain || !first(*chain).is_string()) return bad("its header has no x5c");
  const auto der = from_base64(std::string_view(first(*chain).get_string()));
  if (!der) return bad("its x5c is no Base64");
  auto leaf = crypto::certificate::from_der(*der);
  if (!leaf) return bad(leaf.error());
  return leaf;
}

// The nine digits of "0192:984661185".
std::string number_of(const json::value& identifier) {
  const auto value = text_in(identifier, "value");
  const auto colon = value.rfind(':');
  return colon == std::string::npos ? value : value.substr(colon + 1);
}

std::string conversation_of(const json::value& header) {
  const auto& scopes = member(member(header, "businessScope"), "scope");
  if (!scopes.is_array()) return {};
  for (const auto& scope : scopes.get_array())
    if (equals_ignoring_case(text_in(scope, "type"), "ConversationId"))
      return text_in(scope, "instanceIdentifier");
  return {};
}

std::string detail_of(const json::value& body) {
  std::string out;
  for (const auto* name : {"feiltype", "varslingskanal", "detaljer", "beskrivelse"}) {
    const auto said = text_in(body, name);
    if (said.empty()) continue;
    if (!out.empty()) out += ": ";
    out += said;
  }
  return out;
}

result<receipt> read(const json::value& whole) {
  const auto& document = member(whole, "standardBusinessDocument");
  const auto& header = member(document, "standardBusinessDocumentHeader");
  const auto& identification = member(header, "documentIdentification");
  const auto type = text_in(identification, "type");
  const auto known = std::ranges::find(known_types, type, &known_type::name);
  if (known == known_types.end()) return bad("it is of a type that is no receipt");
  if (auto fits = validate(type, whole); !fits) return bad(fits.error());
  const auto& body = member(document, type);
  receipt out;
  out.kind = known->kind;
  out.id = text_in(identification, "instanceIdentifier");
  out.conversation = conversation_of(header);
  out.at = parse_timestamp_with_offset(text_in(body, "tidspunkt"));
  out.sender = number_of(member(first(member(header, "sender")), "identifier"));
  out.detail = detail_of(body);
  if (out.id.empty() || out.conversation.empty()) return bad("it names no shipment");
  return out;
}

}  // namespace

std::string_view description(receipt_kind kind) {
  switch (kind) {
    case receipt_kind::delivered:
      return "Kvittering på at digital post er tilgjengeliggjort eller at fysisk post er klargjort "
             "for utskrift";
    case receipt_kind::opened:
      return "Kvittering fra Innbygger for at digital post er åpnet";
    case receipt_kind::notification_failed:
      return "Kvittering for at en spesifisert varsling ikke har blitt sendt";
    case receipt_kind::received:
      return "Kvittering fra utskrift og forsendelsestjenesten om at melding er mottatt og lagt "
             "til "
             "print";
    case receipt_kind::returned:
      return "Kvittering fra utskrift og forsendelsestjenesten om at posten ikke har blitt levert "
             "til Mottaker.";
    case receipt_kind::failed:
      return "Generell melding om at det har skjedd en feil";
    case receipt_kind::other:
      break;
  }
  return "Ukjent kvittering";
}

result<receipt> open_receipt(std::string_view compact, const certificate_check& trusts) {
  if (compact.size() > longest_jws) return bad("it is too long");
  const auto token = crypto::parse_jws(compact);
  if (!token) return bad(token.error());
  const auto algorithm = text_in(json::value(token->header), "alg");
  if (!algorithm.starts_with("RS") && !algorithm.starts_with("PS"))
    return bad("its algorithm is none of RS256 to PS512");
  KP_TRY(const auto signer, signer_of(*token));
  if (const auto trusted = trusts(signer); !trusted) return bad(trusted.error());
  const auto verified = crypto::verify_any_jws(compact, X509_get0_pubkey(signer.native()));
  if (!verified) return bad(verified.error());
  boost::system::error_code failed;
  const auto whole = json::parse(verified->payload, failed);
  if (failed) return bad("its payload is no JSON");
  KP_TRY(auto out, read(whole));
  if (const auto who = signer.organisation()) out.signer = who->to_string();
  return out;
}

}  // namespace kp::dpi
