#include "protocol/dpi/manifest.hpp"

#include "config/text.hpp"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace kp::dpi {

namespace json = boost::json;

namespace {

constexpr const char* sdp_namespace = "http://begrep.difi.no/sdp/schema_v10";
constexpr const char* no_title = "Missing title";
constexpr std::size_t shortest_name = 4, longest_name = 100;  // of a file, characters
constexpr std::size_t most_attachments = 200;
constexpr std::size_t longest_title = 255;

error bad_file(std::string why) {
  return permanent(dpi_errc::bad_file, std::move(why));
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first so many characters.
std::string cut(std::string_view utf8, std::size_t most) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i)
    if ((utf8[i] & 0xC0) != 0x80 && ++seen > most) return std::string(utf8.substr(0, i));
  return std::string(utf8);
}

std::string text_in(const json::object& in, std::string_view name) {
  const auto* value = in.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::map<std::string, std::string> metadata_of(const sbd::document& document) {
  std::map<std::string, std::string> out;
  const auto* said = document.business_message.if_contains("metadataFiler");
  if (!said || !said->is_object()) return out;
  for (const auto& [name, value] : said->get_object())
    if (value.is_string()) out[std::string(name)] = std::string(value.get_string());
  return out;
}

void set(pugi::xml_node node, const char* attribute, const std::string& value) {
  node.append_attribute(attribute).set_value(value.c_str());
}

void add_text(pugi::xml_node to, const char* name, const std::string& value) {
  to.append_child(name).text().set(value.c_str());
}

void add_document(pugi::xml_node root, const char* role, const packed_document& document,
                  const std::string& language) {
  auto node = root.append_child(role);
  set(node, "href", document.file.name);
  set(node, "mime", document.file.mime_type);
  auto title = node.append_child("tittel");
  set(title, "lang", language);
  const auto& said = document.file.title;
  title.text().set(said.empty() ? no_title : cut(said, longest_title).c_str());
  if (!document.data) return;
  auto data = node.append_child("data");
  set(data, "href", document.data->name);
  set(data, "mime", document.data->mime_type);
}

}  // namespace

result<std::vector<packed_document>> arrange(const sbd::document& document,
                                             const std::vector<file_facts>& files) {
  std::map<std::string_view, const file_facts*> by_name;
  for (const auto& file : files) {
    if (!by_name.emplace(file.name, &file).second)
      return bad_file(fmt::format("two files are called \"{}\"; mailboxes refuse that", file.name));
    const auto length = characters(file.name);
    if (length < shortest_name || length > longest_name)
      return bad_file(
          fmt::format("the file name \"{}\" has {} characters; digital post takes {} to "
                      "{}",
                      file.name, length, shortest_name, longest_name));
  }
  const auto metadata = metadata_of(document);
  std::set<std::string> are_metadata;
  for (const auto& [name, its] : metadata) are_metadata.insert(its);

  const auto main = document.main_document().value_or("");
  if (!by_name.contains(main)) return bad_file("the main document (hoveddokument) is not there");
  std::vector<packed_document> out;
  const auto add = [&](const file_facts& file) -> result<void> {
    packed_document made{file, std::nullopt};
    if (const auto its = metadata.find(file.name); its != metadata.end()) {
      const auto found = by_name.find(its->second);
      if (found == by_name.end())
        return bad_file(fmt::format("the metadata file \"{}\" is not there", its->second));
      made.data = *found->second;
    }
    out.push_back(std::move(made));
    return {};
  };
  KP_CHECK(add(*by_name.at(main)));
  for (const auto& file : files)
    if (file.name != main && !are_metadata.contains(file.name)) KP_CHECK(add(file));
  if (out.size() - 1 > most_attachments)
    return bad_file(fmt::format("there are {} attachments; digital post takes {}", out.size() - 1,
                                most_attachments));
  return out;
}

std::vector<std::string> packing_order(const std::vector<packed_document>& documents) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(out, name) == out.end()) out.push_back(name);
  };
  for (const auto& each : documents) {
    add(each.file.name);
    if (each.data) add(each.data->name);
  }
  return out;
}

std::string manifest_xml(const sbd::document& document, const origin& from, const target& to,
                         const std::vector<packed_document>& documents,
                         const std::string& language) {
  pugi::xml_document xml;
  auto declaration = xml.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  auto root = xml.append_child("manifest");
  set(root, "xmlns", sdp_namespace);
  if (!to.mailbox.empty())
    add_text(root.append_child("mottaker").append_child("person"), "postkasseadresse", to.mailbox);
  auto sender = root.append_child("avsender");
  auto organisation = sender.append_child("organisasjon");
  set(organisation, "authority", "iso6523-actorid-upis");
  organisation.text().set(("0192:" + from.sender).c_str());
  const auto& message = document.business_message;
  for (const auto& [name, member] :
       {std::pair{"avsenderidentifikator", "avsenderId"}, {"fakturaReferanse", "fakturaReferanse"}})
    if (const auto value = text_in(message, member); !value.empty()) add_text(sender, name, value);
  const char* role = "hoveddokument";
  for (const auto& each : documents) {
    add_document(root, role, each, language);
    role = "vedlegg";
  }
  std::ostringstream out;
  xml.save(out, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(out).str();
}

}  // namespace kp::dpi
