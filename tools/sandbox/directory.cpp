#include "tools/sandbox/directory.hpp"

#include "config/text.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::string_view altinn_scopes[]{"altinn:broker.read", "altinn:broker.write",
                                           "altinn:authentication/systemregister.write",
                                           "altinn:authentication/systemuser.request.write",
                                           "altinn:authentication/systemuser.request.read"};
constexpr std::string_view known_services[]{"DPO", "DPE", "DPV", "DPF", "DPI", "DPFIO", "DPH"};

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

template <class To>
To set_of(const std::vector<std::string>& list) {
  return To(list.begin(), list.end());
}

json::array array_of(const std::set<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

std::set<std::string> default_scopes(const std::set<std::string>& services) {
  std::set<std::string> out;
  for (const auto& name : services) out.insert("eformidling:" + to_lower(name));
  if (services.contains("DPO")) out.insert(std::begin(altinn_scopes), std::end(altinn_scopes));
  if (services.contains("DPF") || services.contains("DPFIO")) out.insert("ks:fiks");
  if (services.contains("DPI"))
    out.insert({"digitalpostinnbygger:send", "global/kontaktinformasjon.read",
                "global/sikkerdigitalpost.read", "global/varslingsstatus.read",
                "global/sertifikat.read", "global/navn.read", "global/postadresse.read"});
  return out;
}

result<std::set<std::string>> read_services(const json::object& body) {
  if (!body.contains("services")) return std::set<std::string>{"DPO"};
  auto named = set_of<std::set<std::string>>(texts_at(body, "services"));
  for (const auto& name : named)
    if (std::ranges::find(known_services, name) == std::end(known_services))
      return invalid(
          fmt::format("services: \"{}\" is none of DPO, DPE, DPV, DPF, DPI, DPFIO, DPH", name));
  return named;
}

result<std::set<std::string>> read_processes(const json::object& body, bool dpo) {
  std::set<std::string> out;
  if (!dpo) return out;
  if (!body.contains("processes")) {
    out.insert(arkivmelding_processes().begin(), arkivmelding_processes().end());
    out.insert(avtalt_processes().begin(), avtalt_processes().end());
    return out;
  }
  for (auto& process : texts_at(body, "processes")) {
    if (document_types_of(process).empty())
      return invalid(
          fmt::format("processes: \"{}\" is no arkivmelding or avtalt process", process));
    out.insert(std::move(process));
  }
  return out;
}

result<std::map<std::string, registered_key>> read_keys(const json::object& body) {
  std::map<std::string, registered_key> out;
  const auto* list = array_at(body, "keys");
  if (!list) return out;
  for (const auto& value : *list) {
    const auto* jwk = value.if_object();
    const auto kid = jwk ? text_at(*jwk, "kid") : std::string();
    auto key = jwk ? rsa_key::from_public_jwk(*jwk) : std::nullopt;
    if (kid.empty() || !key) return invalid("keys: each is an RSA JWK with kid, n and e");
    std::optional<time_point> expires;
    if (const auto seconds = number_at(*jwk, "expires"))
      expires = time_point(std::chrono::seconds(*seconds));
    out.insert_or_assign(kid, registered_key{std::move(*key), expires});
  }
  return out;
}

json::object describe(const system_user& user) {
  return {{"client", user.client_id},   {"organisation", user.organisation},
          {"name", user.name},          {"id", user.id},
          {"systemId", user.system_id}, {"approved", user.approved}};
}

}  // namespace

result<json::object> directory::register_organisation(const json::object& body,
                                                      const certificate_authority& ca,
                                                      time_point now, random_source& random) {
  KP_TRY(const auto id, organisation_id::parse(text_at(body, "number")));
  const auto number = id.to_string();
  if (organisations_.size() >= max_organisations && !organisations_.contains(number))
    return invalid(fmt::format("there are {} organisations already", max_organisations));
  organisation made;
  made.number = number;
  made.name = text_at(body, "name");
  if (made.name.empty() || made.name.size() > 64) return invalid("name: 1 to 64 characters");
  made.form = body.contains("form") ? text_at(body, "form") : "KOMM";
  if (const auto* address = object_at(body, "address")) made.address = *address;
  KP_TRY(made.services, read_services(body));
  KP_TRY(made.processes, read_processes(body, made.services.contains("DPO")));
  maskinporten_client client;
  client.id = body.contains("clientId") ? text_at(body, "clientId") : "MOVE_IP_" + number;
  client.owner = number;
  client.scopes = body.contains("scopes") ? set_of<std::set<std::string>>(texts_at(body, "scopes"))
                                          : default_scopes(made.services);
  KP_TRY(client.keys, read_keys(body));
  if (const auto* other = find_client(client.id); other && other->owner != number)
    return invalid(fmt::format("clientId: {} belongs to {}", client.id, other->owner));

  json::object answer{{"number", number}, {"clientId", client.id}};
  if (const auto pem = text_at(body, "certificate"); !pem.empty()) {
    made.certificate = certificate::from_pem(pem);
    if (!made.certificate) return invalid("certificate: this is no certificate in PEM");
  } else {
    const auto seid = number_at(body, "seid").value_or(2);
    if (seid != 1 && seid != 2) return invalid("seid: 1 or 2");
    const auto days = std::chrono::hours(24) * number_at(body, "validForDays").value_or(3 * 365);
    const auto from = std::min(now, now + days) - std::chrono::hours(24);
    KP_TRY(auto issued,
           ca.issue({number, made.name, seid == 1 ? seid_profile::v1 : seid_profile::v2}, from,
                    now + days));
    const auto password = to_base64url(random.bytes(18));
    KP_TRY(const auto store, make_keystore(issued, ca.root(), number, password));
    made.certificate = issued.certificate;
    answer["keystore"] = {{"type", "PKCS12"},
                          {"alias", number},
                          {"password", password},
                          {"base64", to_base64(store)}};
  }
  answer["certificate"] = made.certificate->pem();

  // An organisation that is registered anew keeps what others gave its client.
  if (const auto old = clients_.find(client.id); old != clients_.end())
    client.delegated = old->second.delegated;
  const auto client_id = client.id;
  clients_.insert_or_assign(client_id, std::move(client));
  if (made.services.contains("DPO")) {
    const auto name = body.contains("systemUserName")
                          ? text_at(body, "systemUserName")
                          : fmt::format("{0}_integrasjonspunkt_systembruker_{0}", number);
    KP_TRY(answer["systemUser"],
           register_system_user({{"client", client_id}, {"organisation", number}, {"name", name}},
                                random));
  }
  organisations_.insert_or_assign(number, std::move(made));
  return answer;
}

result<json::object> directory::register_system_user(const json::object& body,
                                                     random_source& random) {
  const auto* client = find_client(text_at(body, "client"));
  if (!client) return permanent(sandbox_errc::not_found, "client: no such Maskinporten client");
  KP_TRY(const auto id, organisation_id::parse(text_at(body, "organisation")));
  system_user made{client->id,
                   id.to_string(),
                   text_at(body, "name"),
                   random.uuid(),
                   client->owner + "_integrasjonspunkt",
                   true};
  if (made.name.empty()) return invalid("name: the system user's name is missing");
  if (const auto* approved = body.if_contains("approved"); approved && approved->is_bool())
    made.approved = approved->get_bool();
  const auto same = std::ranges::find_if(system_users_, [&](const system_user& user) {
    return user.client_id == made.client_id && user.organisation == made.organisation &&
           user.name == made.name;
  });
  if (same != system_users_.end()) {
    made.id = same->id;
    *same = made;
  } else {
    system_users_.push_back(made);
  }
  return describe(made);
}

result<void> directory::register_delegation(const json::object& body) {
  const auto client = clients_.find(text_at(body, "client"));
  if (client == clients_.end())
    return permanent(sandbox_errc::not_found, "client: no such Maskinporten client");
  KP_TRY(const auto consumer, organisation_id::parse(text_at(body, "consumer")));
  for (auto& scope : texts_at(body, "scopes"))
    client->second.delegated.emplace(consumer.to_string(), std::move(scope));
  return {};
}

const organisation* directory::find(std::string_view number) const {
  const auto at = organisations_.find(number);
  return at == organisations_.end() ? nullptr : &at->second;
}

const maskinporten_client* directory::find_client(std::string_view id) const {
  const auto at = clients_.find(id);
  return at == clients_.end() ? nullptr : &at->second;
}

const system_user* directory::find_system_user(std::string_view client,
                                               std::string_view organisation,
                                               std::string_view name) const {
  for (const auto& user : system_users_)
    if (user.approved && user.client_id == client && user.organisation == organisation &&
        (name.empty() || user.name == name))
      return &user;
  return nullptr;
}

bool directory::pinned(const certificate& seen) const {
  const auto number = seen.organisation_number();
  for (const auto& [own, known] : organisations_)
    if ((!number || own == *number) && known.certificate && *known.certificate == seen) return true;
  return false;
}

json::object directory::save() const {
  json::array organisations, users, delegations;
  for (const auto& [number, known] : organisations_)
    organisations.push_back({{"number", number},
                             {"name", known.name},
                             {"form", known.form},
                             {"address", known.address},
                             {"services", array_of(known.services)},
                             {"processes", array_of(known.processes)},
                             {"certificate", known.certificate->pem()}});
  json::array clients;
  for (const auto& [id, client] : clients_) {
    json::array keys;
    for (const auto& [kid, key] : client.keys) {
      auto jwk = key.key.public_jwk();
      jwk["kid"] = kid;
      if (key.expires) jwk["expires"] = epoch_seconds(*key.expires);
      keys.push_back(std::move(jwk));
    }
    clients.push_back({{"id", id},
                       {"owner", client.owner},
                       {"scopes", array_of(client.scopes)},
                       {"keys", std::move(keys)}});
    for (const auto& [consumer, scope] : client.delegated)
      delegations.push_back(
          {{"client", id}, {"consumer", consumer}, {"scopes", json::array{scope}}});
  }
  for (const auto& user : system_users_) users.push_back(describe(user));
  return {{"organisations", std::move(organisations)},
          {"clients", std::move(clients)},
          {"systemUsers", std::move(users)},
          {"delegations", std::move(delegations)}};
}

result<void> directory::load(const json::object& saved) {
  directory made;
  const auto each = [&](std::string_view name, auto read) -> result<void> {
    if (const auto* list = array_at(saved, name))
      for (const auto& value : *list) {
        if (!value.is_object()) return invalid(std::string(name) + ": an entry is no object");
        KP_CHECK(read(value.get_object()));
      }
    return {};
  };
  KP_CHECK(each("organisations", [&](const json::object& from) -> result<void> {
    organisation known;
    known.number = text_at(from, "number");
    known.name = text_at(from, "name");
    known.form = text_at(from, "form");
    if (const auto* address = object_at(from, "address")) known.address = *address;
    known.services = set_of<std::set<std::string>>(texts_at(from, "services"));
    known.processes = set_of<std::set<std::string>>(texts_at(from, "processes"));
    known.certificate = certificate::from_pem(text_at(from, "certificate"));
    if (known.number.empty() || !known.certificate) return invalid("an organisation is not whole");
    made.organisations_.insert_or_assign(known.number, std::move(known));
    return {};
  }));
  KP_CHECK(each("clients", [&](const json::object& from) -> result<void> {
    maskinporten_client client;
    client.id = text_at(from, "id");
    client.owner = text_at(from, "owner");
    client.scopes = set_of<std::set<std::string>>(texts_at(from, "scopes"));
    KP_TRY(client.keys, read_keys(from));
    made.clients_.insert_or_assign(client.id, std::move(client));
    return {};
  }));
  KP_CHECK(each("systemUsers", [&](const json::object& from) -> result<void> {
    const auto* approved = from.if_contains("approved");
    made.system_users_.push_back({text_at(from, "client"), text_at(from, "organisation"),
                                  text_at(from, "name"), text_at(from, "id"),
                                  text_at(from, "systemId"),
                                  !approved || !approved->is_bool() || approved->get_bool()});
    return {};
  }));
  KP_CHECK(each("delegations",
                [&](const json::object& from) { return made.register_delegation(from); }));
  *this = std::move(made);
  return {};
}

}  // namespace kp::sandbox
