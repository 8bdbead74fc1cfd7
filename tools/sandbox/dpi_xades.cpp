#include "tools/sandbox/dpi_xades.hpp"

#include "config/text.hpp"
#include "tools/sandbox/freed_by.hpp"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <xmlsec/crypto.h>
#include <xmlsec/io.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <algorithm>

#include <cstdarg>
#include <cstdio>
#include <set>

namespace kp::sandbox {

namespace {

using document_ptr = std::unique_ptr<xmlDoc, freed_by<xmlFreeDoc>>;
using context_ptr = std::unique_ptr<xmlXPathContext, freed_by<xmlXPathFreeContext>>;
using found_ptr = std::unique_ptr<xmlXPathObject, freed_by<xmlXPathFreeObject>>;
using signature_ptr = std::unique_ptr<xmlSecDSigCtx, freed_by<xmlSecDSigCtxDestroy>>;

const xmlChar* text(const char* from) {
  return reinterpret_cast<const xmlChar*>(from);
}

std::string form_decoded(std::string_view from) {
  std::string plain;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] == '%' && i + 2 < from.size()) {
      if (const auto byte = from_hex(from.substr(i + 1, 2))) {
        plain += *byte;
        i += 2;
        continue;
      }
    }
    plain += from[i] == '+' ? ' ' : from[i];
  }
  return plain;
}

// xmlsec fetches what a reference names by callbacks that the whole process shares; the container
// that this thread is judging answers them.
thread_local const entry_list* open_container = nullptr;

const std::string* find_entry(std::string_view uri) {
  if (!open_container) return nullptr;
  for (const auto& name : {std::string(uri), form_decoded(uri)})
    for (const auto& [entry, bytes] : *open_container)
      if (entry == name) return &bytes;
  return nullptr;
}

struct reading {
  const std::string* from;
  std::size_t at = 0;
};
int matches(const char* uri) {
  return find_entry(uri) ? 1 : 0;
}
void* open_entry(const char* uri) {
  const auto* bytes = find_entry(uri);
  return bytes ? new reading{bytes} : nullptr;
}
int read_entry(void* context, char* out, int size) {
  auto& from = *static_cast<reading*>(context);
  const auto count = from.from->copy(out, static_cast<std::size_t>(size), from.at);
  from.at += count;
  return static_cast<int>(count);
}
int close_entry(void* context) {
  delete static_cast<reading*>(context);
  return 0;
}

bool start_xmlsec() {
  static const bool started = [] {
    xmlInitParser();
    if (xmlSecInit() < 0 || xmlSecCryptoAppInit(nullptr) < 0 || xmlSecCryptoInit() < 0)
      return false;
    xmlSecIOCleanupCallbacks();  // a signature that comes from outside opens no file here
    return xmlSecIORegisterCallbacks(&matches, &open_entry, &read_entry, &close_entry) == 0;
  }();
  return started;
}

document_ptr parsed(std::string_view xml) {
  return document_ptr(xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
}

std::string content_of(xmlNode* node) {
  const auto free = [](xmlChar* bytes) { xmlFree(bytes); };
  const std::unique_ptr<xmlChar, decltype(free)> content(xmlNodeGetContent(node), free);
  return content ? reinterpret_cast<const char*>(content.get()) : "";
}

std::vector<std::string> all_texts(xmlDoc* document, const char* expression) {
  const context_ptr context(xmlXPathNewContext(document));
  if (!context) return {};
  for (const auto& [prefix, uri] : {std::pair{"ds", "http://www.w3.org/2000/09/xmldsig#"},
                                    {"x", "http://uri.etsi.org/01903/v1.3.2#"},
                                    {"a", "http://uri.etsi.org/02918/v1.2.1#"},
                                    {"m", "http://begrep.difi.no/sdp/schema_v10"}})
    xmlXPathRegisterNs(context.get(), text(prefix), text(uri));
  const found_ptr found(xmlXPathEvalExpression(text(expression), context.get()));
  std::vector<std::string> out;
  if (found && found->nodesetval)
    for (int i = 0; i < found->nodesetval->nodeNr; ++i)
      out.push_back(content_of(found->nodesetval->nodeTab[i]));
  return out;
}

bool is_payload(std::string_view name) {
  return name != "mimetype" && !name.starts_with("META-INF/");
}

std::vector<std::string> uncovered(xmlDoc* document, const entry_list& entries) {
  std::set<std::string> covered;
  for (const auto& uri : all_texts(document, "//ds:SignedInfo/ds:Reference/@URI"))
    covered.insert(form_decoded(uri));
  std::vector<std::string> faults;
  for (const auto& [name, bytes] : entries)
    if (is_payload(name) && !covered.contains(name))
      faults.push_back(fmt::format("{} is not signed", name));
  if (!covered.contains("#SignedProperties"))
    faults.emplace_back("SignedProperties are not signed");
  return faults;
}

// The digest of the certificate in SignedProperties, and that it is the first of KeyInfo.
std::optional<std::string> wrong_certificate(xmlDoc* document, const certificate& signer) {
  const auto told =
      all_texts(document, "//x:SigningCertificate/x:Cert/x:CertDigest/ds:DigestValue");
  if (told.size() != 1) return "SigningCertificate is missing";
  const auto digest = from_base64(told[0]);
  unsigned char made[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (X509_digest(signer.raw(), EVP_sha1(), made, &length) != 1 || !digest ||
      *digest != std::string(reinterpret_cast<const char*>(made), length))
    return "SigningCertificate is of another certificate";
  return {};
}

bool verifies(xmlDoc* document, const certificate& signer, const entry_list& entries) {
  auto* node = xmlSecFindNode(xmlDocGetRootElement(document), text("Signature"),
                              text("http://www.w3.org/2000/09/xmldsig#"));
  if (!node) return false;
  const xmlChar* ids[] = {text("Id"), nullptr};
  xmlSecAddIDs(document, xmlDocGetRootElement(document), ids);
  const signature_ptr context(xmlSecDSigCtxCreate(nullptr));
  const auto pem = signer.pem() + "\n";
  if (!context) return false;
  context->signKey = xmlSecCryptoAppKeyLoadMemory(
      reinterpret_cast<const xmlSecByte*>(pem.data()), static_cast<xmlSecSize>(pem.size()),
      xmlSecKeyDataFormatCertPem, nullptr, nullptr, nullptr);
  if (!context->signKey) return false;
  open_container = &entries;
  const auto done = xmlSecDSigCtxVerify(context.get(), node);
  open_container = nullptr;
  return done == 0 && context->status == xmlSecDSigStatusSucceeded;
}

void collect(void* context, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char line[512];
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  static_cast<std::vector<std::string>*>(context)->push_back(std::string(trim(line)));
}

}  // namespace

xades_verdict judge_xades(std::string_view xml, const entry_list& entries) {
  if (!start_xmlsec()) return {{"xmlsec does not start"}, {}};
  const auto document = parsed(xml);
  if (!document) return {{"META-INF/signatures.xml is no XML"}, {}};
  const auto chain = all_texts(document.get(),
                               "/a:XAdESSignatures/ds:Signature/ds:KeyInfo/ds:X509Data/"
                               "ds:X509Certificate");
  const auto der = chain.empty() ? std::nullopt : from_base64(chain.front());
  xades_verdict out;
  if (der) out.signer = certificate::from_der(*der);
  if (!out.signer) return {{"META-INF/signatures.xml has no certificate"}, {}};
  out.faults = uncovered(document.get(), entries);
  if (const auto why = wrong_certificate(document.get(), *out.signer)) out.faults.push_back(*why);
  const auto method = all_texts(document.get(), "//ds:SignedInfo/ds:SignatureMethod/@Algorithm");
  if (method != std::vector<std::string>{"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"})
    out.faults.emplace_back("the signature is not rsa-sha256");
  if (!verifies(document.get(), *out.signer, entries))
    out.faults.emplace_back("the XAdES signature does not verify");
  return out;
}

std::vector<std::string> judge_manifest(std::string_view xml, const entry_list& entries) {
  using schema_parser = std::unique_ptr<xmlSchemaParserCtxt, freed_by<xmlSchemaFreeParserCtxt>>;
  using schema_ptr = std::unique_ptr<xmlSchema, freed_by<xmlSchemaFree>>;
  using judge_ptr = std::unique_ptr<xmlSchemaValidCtxt, freed_by<xmlSchemaFreeValidCtxt>>;
  const auto document = parsed(xml);
  if (!document) return {"manifest.xml is no XML"};
  const auto schema_text = sdp_manifest_schema();
  const schema_parser parser(
      xmlSchemaNewMemParserCtxt(schema_text.data(), static_cast<int>(schema_text.size())));
  const schema_ptr schema(parser ? xmlSchemaParse(parser.get()) : nullptr);
  const judge_ptr judge(schema ? xmlSchemaNewValidCtxt(schema.get()) : nullptr);
  if (!judge) return {"the schema of manifest.xml cannot be read"};
  std::vector<std::string> faults;
  xmlSchemaSetValidErrors(judge.get(), &collect, &collect, &faults);
  if (xmlSchemaValidateDoc(judge.get(), document.get()) != 0 && faults.empty())
    faults.emplace_back("manifest.xml does not fit its schema");
  for (const auto& href : all_texts(document.get(), "//@href"))
    if (std::ranges::find(entries, href, &entry_list::value_type::first) == entries.end())
      faults.push_back(fmt::format("manifest.xml names {}, which is not there", href));
  return faults;
}

}  // namespace kp::sandbox
