#include "tools/sandbox/citizens.hpp"

#include "tools/sandbox/sandbox_error.hpp"

#include <algorithm>

namespace kp::sandbox {

namespace json = boost::json;

namespace {

error invalid(std::string what) {
  return permanent(sandbox_errc::invalid_request, std::move(what));
}

bool flag(const json::object& body, std::string_view name, bool otherwise) {
  const auto* value = body.if_contains(name);
  return value && value->is_bool() ? value->get_bool() : otherwise;
}

std::optional<std::string> text_or_none(const json::object& body, std::string_view name) {
  auto text = text_at(body, name);
  if (text.empty()) return {};
  return text;
}

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value describe(const std::optional<postal_address>& address) {
  if (!address) return nullptr;
  return json::object{{"name", address->name},
                      {"street", address->street},
                      {"postalCode", address->postal_code},
                      {"postalArea", address->postal_area},
                      {"country", address->country}};
}

json::object service_of(const char* name, const std::string& url, const char* code,
                        const char* edition, json::value resource) {
  return {{"identifier", name},       {"endpointUrl", url},
          {"serviceCode", code},      {"serviceEditionCode", edition},
          {"securityLevel", nullptr}, {"resource", std::move(resource)}};
}

json::object mail_record(const citizen& to, std::string_view process, const mail_operator& by,
                         const std::string& url, const char* type) {
  return {{"organisationNumber", to.number},
          {"pemCertificate", by.pem},
          {"process", process},
          {"documentTypes", json::array{type}},
          {"service", service_of("DPI", url, "4192", "270815", nullptr)},
          {"orgnrPostkasse", by.organisation},
          {"epostAdresse", or_null(to.email)},
          {"mobilnummer", or_null(to.mobile)},
          {"kanVarsles", to.notifiable},
          {"spraak", or_null(to.language)}};
}

json::object digital_record(const citizen& to, std::string_view process, const mail_operator& by,
                            const std::string& url) {
  auto record = mail_record(to, process, by, url, "urn:no:difi:digitalpost:xsd:digital::digital");
  record["postkasseAdresse"] = *to.mailbox;
  record["fysiskPost"] = false;
  record["postAddress"] = nullptr;
  record["returnAddress"] = nullptr;
  return record;
}

json::object print_record(const citizen& to, std::string_view process, const mail_operator& by,
                          const organisation& caller, const std::string& url) {
  auto record = mail_record(to, process, by, url, "urn:no:difi:digitalpost:xsd:fysisk::print");
  record["postkasseAdresse"] = nullptr;
  record["fysiskPost"] = true;
  record["postAddress"] = describe(to.address);
  record["returnAddress"] =
      describe(postal_address{caller.name, "Torget 1", "0001", "Oslo", "Norge"});
  return record;
}

json::object altinn_record(const citizen& to, std::string_view process, const std::string& url) {
  return {{"organisationNumber", to.number},
          {"pemCertificate", nullptr},
          {"process", process},
          {"documentTypes", json::array{"urn:no:difi:digitalpost:xsd:digital::digital_dpv"}},
          {"service", service_of("DPV", url, "4255", "10", "eformidling-dpv-administrasjon")}};
}

}  // namespace

result<json::object> citizens::add(const json::object& body) {
  citizen made;
  made.number = text_at(body, "number");
  if (made.number.size() != 11 || made.number.find_first_not_of("0123456789") != std::string::npos)
    return invalid("number: eleven digits");
  if (known_.size() >= max_citizens && !known_.contains(made.number))
    return invalid("there are too many citizens already");
  made.reserved = flag(body, "reserved", false);
  made.notifiable = flag(body, "notifiable", true);
  const auto* mailbox = body.if_contains("mailbox");
  if (!mailbox)
    made.mailbox = "mailbox." + made.number.substr(0, 6);
  else
    made.mailbox = text_or_none(body, "mailbox");
  if (const auto provider = text_or_none(body, "mailboxProvider"))
    made.mailbox_provider = *provider;
  made.email = text_or_none(body, "email");
  made.mobile = text_or_none(body, "mobile");
  made.language = text_or_none(body, "language");
  if (!flag(body, "protected", false)) {
    made.address =
        postal_address{"Ola Nordmann", "Fjellveien 1;Langt oppi lia", "3400", "FJELLET", "Norge"};
    if (const auto* address = object_at(body, "address"))
      made.address = postal_address{text_at(*address, "name"), text_at(*address, "street"),
                                    text_at(*address, "postalCode"),
                                    text_at(*address, "postalArea"), text_at(*address, "country")};
  }
  auto number = made.number;
  known_.insert_or_assign(number, std::move(made));
  return json::object{{"number", number}};
}

const citizen* citizens::find(std::string_view number) const {
  const auto at = known_.find(number);
  return at == known_.end() ? nullptr : &at->second;
}

json::array citizen_records(const citizen& to, std::string_view process, const organisation& caller,
                            bool print_allowed, const mail_operator& mailbox,
                            const mail_operator& printer, const std::string& url) {
  json::array out;
  const bool obligated = process == vedtak_process;
  const bool on_paper = obligated && (to.reserved || !to.notifiable);
  if (to.mailbox && !on_paper) {
    out.push_back(digital_record(to, process, mailbox, url));
    return out;
  }
  if (print_allowed && to.address) out.push_back(print_record(to, process, printer, caller, url));
  if (!on_paper) out.push_back(altinn_record(to, process, url));
  return out;
}

}  // namespace kp::sandbox
