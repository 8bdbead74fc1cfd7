#include "protocol/asic/manifests.hpp"

#include "config/text.hpp"
#include "protocol/asic/names.hpp"
#include "protocol/crypto/crypto_error.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <array>
#include <sstream>

namespace kp::asic {

namespace {

using crypto::crypto_errc;

// What readers have met besides today's namespace (asic-and-crypto.md 3.1).
constexpr std::array<std::string_view, 4> asic_namespaces{
    names::asic_namespace, "http://uri.etsi.org/2918/v1.2.1#", "http://uri.etsi.org/02918/v1.1.1#",
    "http://uri.etsi.org/2918/v1.1.1#"};

error unreadable() {
  return permanent(crypto_errc::bad_format, "Unable to read content as XML.");
}

void set(pugi::xml_node node, const char* attribute, std::string_view value) {
  node.append_attribute(attribute).set_value(std::string(value).c_str());
}

void set_text(pugi::xml_node node, std::string_view value) {
  node.text().set(std::string(value).c_str());
}

pugi::xml_node declare(pugi::xml_document& document, bool standalone) {
  auto declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  if (standalone) set(declaration, "standalone", "yes");
  return declaration;
}

std::string text_of(const pugi::xml_document& document, const char* indent) {
  std::ostringstream out;
  document.save(out, indent, pugi::format_indent, pugi::encoding_utf8);
  return std::move(out).str();
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

// pugixml knows no namespaces: the declaration is on the element or above it.
std::string_view namespace_of(pugi::xml_node node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  const auto declaration =
      colon == name.npos ? std::string("xmlns") : "xmlns:" + std::string(name.substr(0, colon));
  for (; node; node = node.parent())
    if (const auto found = node.attribute(declaration.c_str())) return found.value();
  return {};
}

bool is(const pugi::xml_node& node, std::string_view name, std::string_view in_namespace) {
  return local_name(node) == name && namespace_of(node) == in_namespace;
}

bool is_asic(const pugi::xml_node& node, std::string_view name) {
  return local_name(node) == name &&
         std::ranges::find(asic_namespaces, namespace_of(node)) != asic_namespaces.end();
}

result<reference> parse_reference(const pugi::xml_node& node) {
  reference found;
  found.name = node.attribute("URI").value();
  found.mime_type = node.attribute("MimeType").value();
  for (const auto child : node.children()) {
    if (is(child, "DigestMethod", names::dsig_namespace))
      found.digest_algorithm = child.attribute("Algorithm").value();
    if (!is(child, "DigestValue", names::dsig_namespace)) continue;
    auto digest = from_base64(child.text().get());
    if (!digest) return unreadable();
    found.digest = *std::move(digest);
  }
  if (found.name.empty() || found.digest.empty()) return unreadable();
  return found;
}

void collect_dsig_references(const pugi::xml_node& under, std::vector<pugi::xml_node>& into) {
  for (const auto signature : under.children()) {
    if (!is(signature, "Signature", names::dsig_namespace)) continue;
    for (const auto info : signature.children())
      if (is(info, "SignedInfo", names::dsig_namespace))
        for (const auto each : info.children())
          if (is(each, "Reference", names::dsig_namespace)) into.push_back(each);
  }
}

}  // namespace

std::string to_xml(const manifest& of) {
  pugi::xml_document document;
  declare(document, false);
  auto root = document.append_child("manifest");
  const auto organisation = [&](const char* role, const std::string& id) {
    auto node = root.append_child(role).append_child("organisasjon");
    set(node, "authority", "iso6523-actorid-upis");
    set_text(node, id);
  };
  organisation("mottaker", of.receiver);
  organisation("avsender", of.sender);
  auto main = root.append_child("hoveddokument");
  set(main, "href", of.main_document);
  set(main, "mime", of.main_mime_type);
  auto title = main.append_child("tittel");
  set(title, "lang", "no");
  set_text(title, "Hoveddokument");
  return text_of(document, "   ");
}

std::string asic_manifest_xml(const std::string& signature_name,
                              const std::vector<reference>& files, bool marks_root) {
  pugi::xml_document document;
  declare(document, true);
  auto root = document.append_child("ASiCManifest");
  set(root, "xmlns", names::asic_namespace);
  set(root, "xmlns:ns2", names::dsig_namespace);
  auto signature = root.append_child("SigReference");
  set(signature, "URI", signature_name);
  set(signature, "MimeType", names::signature_type);
  for (const auto& file : files) {
    auto node = root.append_child("DataObjectReference");
    set(node, "URI", file.name);
    set(node, "MimeType", file.mime_type);
    if (marks_root && &file == &files.front()) set(node, "Rootfile", "true");
    set(node.append_child("ns2:DigestMethod"), "Algorithm", names::sha256_algorithm);
    set_text(node.append_child("ns2:DigestValue"), to_base64(file.digest));
  }
  return text_of(document, "    ");
}

std::string opendocument_manifest_xml(const std::vector<reference>& files) {
  pugi::xml_document document;
  declare(document, true);
  auto root = document.append_child("ns1:manifest");
  set(root, "xmlns:ns1", names::opendocument_namespace);
  const auto entry = [&](std::string_view path, std::string_view type) {
    auto node = root.append_child("ns1:file-entry");
    set(node, "ns1:full-path", path);
    set(node, "ns1:media-type", type);
  };
  entry("/", names::container_type);
  for (const auto& file : files) entry(file.name, file.mime_type);
  return text_of(document, "    ");
}

result<asic_manifest> parse_asic_manifest(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return unreadable();
  const auto root = document.document_element();
  if (!is_asic(root, "ASiCManifest")) return unreadable();
  asic_manifest found;
  for (const auto child : root.children()) {
    if (is_asic(child, "SigReference")) {
      if (!found.signature_name.empty()) return unreadable();
      found.signature_name = child.attribute("URI").value();
    } else if (is_asic(child, "DataObjectReference")) {
      KP_TRY(auto file, parse_reference(child));
      found.files.push_back(std::move(file));
    }
  }
  return found;
}

result<std::vector<reference>> parse_xades(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return unreadable();
  const auto root = document.document_element();
  if (!is_asic(root, "XAdESSignatures")) return unreadable();
  std::vector<pugi::xml_node> nodes;
  collect_dsig_references(root, nodes);
  std::vector<reference> files;
  for (const auto& node : nodes) {
    // The signed properties, inside the same document.
    if (std::string_view(node.attribute("URI").value()).starts_with('#')) continue;
    KP_TRY(auto file, parse_reference(node));
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace kp::asic
