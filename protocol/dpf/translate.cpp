#include "protocol/dpf/translate.hpp"

#include "config/config_error.hpp"
#include "config/log.hpp"
#include "config/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace kp::dpf {

namespace {

constexpr std::size_t max_filename_characters = 226;
constexpr std::string_view sender_type = "Avsender";

error unfit(const std::string& what) {
  return permanent(config_errc::invalid_document, mask_person_numbers(what));
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::optional<std::string> uuid_in_scope(const sbd::document& document, std::string_view type) {
  const auto* scope = document.find_scope(type);
  if (!scope || !scope->instance_identifier || !detail::is_uuid(*scope->instance_identifier))
    return std::nullopt;
  return scope->instance_identifier;
}

result<sbd::identifier> first(const std::vector<sbd::partner>& of, std::string_view role) {
  if (of.empty()) return unfit(fmt::format("the message names no {}", role));
  return sbd::parse_identifier(of.front().authority, of.front().value);
}

const arkivmelding::party* sender_among(const arkivmelding::registry_entry& entry) {
  // One part of a type that nobody knows makes all of them untrustworthy (dpf.md 5.3).
  for (const auto& party : entry.parties)
    if (!party.type) return nullptr;
  const auto found = std::ranges::find_if(
      entry.parties, [](const auto& party) { return *party.type == sender_type; });
  return found == entry.parties.end() ? nullptr : &*found;
}

correspondent replies_go_to(const letter& what, std::string organisation) {
  const auto* party = sender_among(what.entry);
  if (!party) return {what.sender.name, std::move(organisation), what.sender.address};
  return {party->name,
          std::move(organisation),
          {fmt::format("{}", fmt::join(party->address_lines, " ")), party->postal_code.value_or(""),
           party->postal_area.value_or(""), party->country.value_or("")}};
}

// By the text after the last dot (dpf.md 5.5).
std::optional<bool> excluded_from_print(const std::string& filename, const sending_rules& rules) {
  const auto dot = filename.rfind('.');
  const auto extension = dot == std::string::npos ? filename : filename.substr(dot + 1);
  if (extension.empty() || equals_ignoring_case(extension, "pdf")) return false;
  if (rules.not_printed.contains("*") || rules.not_printed.contains(extension)) return true;
  return std::nullopt;
}

// The numbers that every form of a forsendelse holds in 32 bits.
result<void> check_numbers(const arkivmelding::registry_entry& entry) {
  const std::pair<std::string_view, const std::optional<std::int64_t>&> numbers[]{
      {"saksaar", entry.case_year},
      {"sakssekvensnummer", entry.case_number},
      {"journalaar", entry.year},
      {"journalsekvensnummer", entry.sequence_number},
      {"journalpostnummer", entry.entry_number}};
  for (const auto& [name, value] : numbers)
    if (value && (*value > std::numeric_limits<std::int32_t>::max() ||
                  *value < std::numeric_limits<std::int32_t>::min()))
      return unfit(
          fmt::format("arkivmelding.xml: {} is {}, which SvarUt has no room for", name, *value));
  return {};
}

result<void> add_documents(const letter& what, translated& out) {
  const auto add = [&](const arkivmelding::described_document& described) -> result<void> {
    for (const auto& name : described.files) {
      const auto found = std::ranges::find(what.files, name, &uploaded_file::filename);
      if (found == what.files.end())
        return unfit(
            fmt::format("arkivmelding.xml names the file \"{}\", which is not there", name));
      if (const auto why = why_not_a_filename(name)) return unfit(*why);
      for (const auto& other : out.what.documents)
        if (equals_ignoring_case(other.filename, name))
          return unfit(
              fmt::format("the file name \"{}\" is there twice; SvarUt does not tell "
                          "small and capital letters apart",
                          name));
      out.what.documents.push_back({name, found->mime_type, excluded_from_print(name, what.rules)});
      out.files.push_back(static_cast<std::size_t>(found - what.files.begin()));
    }
    return {};
  };
  for (const bool main : {true, false})
    for (const auto& described : what.entry.documents)
      if (described.main == main) KP_CHECK(add(described));
  return {};
}

}  // namespace

std::optional<std::string> case_worker(const arkivmelding::registry_entry& entry) {
  const auto* sender = sender_among(entry);
  return sender ? sender->case_worker : std::nullopt;
}

std::optional<std::string> why_not_a_filename(std::string_view name) {
  if (name.empty()) return "a file has no name";
  if (characters(name) > max_filename_characters)
    return fmt::format("the file name \"{}\" has more than {} characters, which SvarUt refuses",
                       name, max_filename_characters);
  const bool control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control || name.find_first_of("*:\"\\/<>|?") != std::string_view::npos)
    return fmt::format(
        "the file name \"{}\" holds a character that SvarUt refuses: one of "
        "* : \" \\ / < > | ? or a control character",
        name);
  return std::nullopt;
}

result<translated> translate(letter what) {
  const auto& document = *what.document;
  const auto message = document.message();
  if (!message) return unfit("the message has no id");
  KP_TRY(const auto sender, first(document.header.sender, "sender"));
  KP_TRY(const auto receiver, first(document.header.receiver, "receiver"));
  KP_CHECK(check_numbers(what.entry));
  if (trim(what.entry.public_title).empty())
    return unfit(
        "arkivmelding.xml has no offentligTittel, and SvarUt takes nothing without a title");
  translated out;
  out.what.id = uuid_in_scope(document, "SenderRef").value_or(message->to_string());
  out.what.external_reference = message->to_string();
  out.what.title = what.entry.public_title;
  out.what.billing_code = what.rules.billing_code;
  out.what.reply_to = uuid_in_scope(document, "ReceiverRef");
  out.what.digital_only = what.rules.digital_only;
  const auto& business = document.business_message;
  if (const auto* level = business.if_contains("sikkerhetsnivaa"))
    out.what.level4 = level->is_int64() && level->get_int64() == 4;
  if (const auto* dpf = business.if_contains("dpf"); dpf && dpf->is_object())
    if (const auto* type = dpf->get_object().if_contains("forsendelseType");
        type && type->is_string() && !trim(std::string_view(type->get_string())).empty())
      out.what.type = std::string(type->get_string());
  out.what.receiver = {what.receiver.name, receiver.primary, what.receiver.address};
  out.what.replies_go_to = replies_go_to(what, sender.part_or_primary());
  KP_CHECK(add_documents(what, out));
  out.what.entry = std::move(what.entry);
  return out;
}

}  // namespace kp::dpf
