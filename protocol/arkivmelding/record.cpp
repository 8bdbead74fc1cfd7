#include "protocol/arkivmelding/record.hpp"

#include "config/config_error.hpp"
#include "protocol/arkivmelding/noark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace kp::arkivmelding {

namespace {

struct letter_and_text {
  std::string_view letter, text;
};
// The first is the default in both directions.
constexpr std::array entry_types{letter_and_text{"I", "Inngående dokument"},
                                 letter_and_text{"U", "Utgående dokument"},
                                 letter_and_text{"S", "Saksframlegg"},
                                 letter_and_text{"N", "Organinternt dokument for oppfølging"},
                                 letter_and_text{"X", "Organinternt dokument uten oppfølging"}};
constexpr std::array entry_statuses{letter_and_text{"R", "Ferdigstilt fra saksbehandler"},
                                    letter_and_text{"E", "Ekspedert"},
                                    letter_and_text{"A", "Arkivert"},
                                    letter_and_text{"F", "Godkjent av leder"},
                                    letter_and_text{"J", "Journalført"},
                                    letter_and_text{"U", "Utgår"}};

constexpr std::array<std::string_view, 6> party_types{
    "Avsender", "Mottaker", "Kopimottaker", "Gruppemottaker", "Intern avsender", "Intern mottaker"};

template <class List>
char letter_of(const List& list, std::string_view text) {
  const auto found = std::ranges::find(list, text, &letter_and_text::text);
  return (found == list.end() ? list.front() : *found).letter.front();
}

template <class List>
std::string_view text_of(const List& list, std::string_view letter) {
  const auto found = std::ranges::find(list, letter, &letter_and_text::letter);
  return (found == list.end() ? list.front() : *found).text;
}

error invalid(std::string what) {
  return permanent(config_errc::invalid_document, "arkivmelding.xml: " + std::move(what));
}

std::optional<std::string> optional_text(pugi::xml_node parent, std::string_view name) {
  const auto node = first(parent, name);
  if (!node) return std::nullopt;
  return trimmed_text(node);
}

result<std::optional<std::int64_t>> number(pugi::xml_node parent, std::string_view name) {
  const auto digits = whole_number(trimmed_text(first(parent, name)));
  if (!digits) return std::optional<std::int64_t>{};
  std::int64_t value = 0;
  const auto [end, failed] =
      std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (failed != std::errc() || end != digits->data() + digits->size())
    return invalid(fmt::format("{} is {}, which is too large for any registry", name, *digits));
  return std::optional(value);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// "", "Z" or "+hh:mm".
bool is_zone(std::string_view text) {
  if (text.empty() || text == "Z") return true;
  return text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':' &&
         all_digits(text.substr(1, 2)) && all_digits(text.substr(4));
}

// An xs:date, or the day of an xs:dateTime. What is neither is absent, as in today's readers.
std::optional<date> read_date(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-' || !all_digits(text.substr(0, 4)) ||
      !all_digits(text.substr(5, 2)) || !all_digits(text.substr(8, 2)))
    return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
    return value;
  };
  const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  if (!day.ok()) return std::nullopt;
  auto rest = text.substr(10);
  if (rest.starts_with('T')) rest.remove_prefix(std::min(rest.find_first_of("Z+-"), rest.size()));
  if (!is_zone(rest)) return std::nullopt;
  return date{std::string(text.substr(0, 10)), std::string(rest)};
}

party read_party(pugi::xml_node from) {
  party out;
  const auto type = trimmed_text(first(from, "korrespondanseparttype"));
  if (std::ranges::find(party_types, type) != party_types.end()) out.type = type;
  out.name = trimmed_text(first(from, "korrespondansepartNavn"));
  each(from, "postadresse", [&](pugi::xml_node line) {
    if (auto words = trimmed_text(line); !words.empty()) out.address_lines.push_back(words);
  });
  out.postal_code = optional_text(from, "postnummer");
  out.postal_area = optional_text(from, "poststed");
  out.country = optional_text(from, "land");
  out.case_worker = optional_text(from, "saksbehandler");
  return out;
}

// dpf.md 5.4: an element with exactly one child, which is text.
void read_extra(pugi::xml_node entry, registry_entry& out) {
  for (const auto child : first(entry, "virksomhetsspesifikkeMetadata").children()) {
    if (child.type() != pugi::node_element) continue;
    const auto only = child.first_child();
    const bool is_text = only && !only.next_sibling() &&
                         (only.type() == pugi::node_pcdata || only.type() == pugi::node_cdata);
    if (is_text)
      out.extra.push_back({child.name(), only.value()});
    else
      ++out.dropped_extra;
  }
}

}  // namespace

char entry_type_letter(std::string_view text) {
  return letter_of(entry_types, text);
}
char entry_status_letter(std::string_view text) {
  return letter_of(entry_statuses, text);
}
std::string_view entry_type_text(std::string_view letter) {
  return text_of(entry_types, letter);
}
std::string_view entry_status_text(std::string_view letter) {
  return text_of(entry_statuses, letter);
}

result<registry_entry> read_registry_entry(std::string_view xml) {
  pugi::xml_document document;
  KP_CHECK(load(document, xml));
  const auto folder = first(document.document_element(), "mappe", "saksmappe");
  if (!folder) return invalid("there is no saksmappe");
  const auto entry = first(folder, "basisregistrering", "journalpost");
  if (!entry) return invalid("there is no journalpost in the saksmappe");
  registry_entry out;
  out.public_title = text(first(entry, "offentligTittel"));
  KP_TRY(out.case_year, number(folder, "saksaar"));
  KP_TRY(out.case_number, number(folder, "sakssekvensnummer"));
  KP_TRY(out.year, number(entry, "journalaar"));
  KP_TRY(out.sequence_number, number(entry, "journalsekvensnummer"));
  KP_TRY(out.entry_number, number(entry, "journalpostnummer"));
  out.type = entry_type_letter(trimmed_text(first(entry, "journalposttype")));
  out.status = entry_status_letter(trimmed_text(first(entry, "journalstatus")));
  out.entered = read_date(trimmed_text(first(entry, "journaldato")));
  out.dated = read_date(trimmed_text(first(entry, "dokumentetsDato")));
  each(entry, "korrespondansepart",
       [&](pugi::xml_node part) { out.parties.push_back(read_party(part)); });
  read_extra(entry, out);
  each(entry, "dokumentbeskrivelse", [&](pugi::xml_node description) {
    described_document made;
    made.main = trimmed_text(first(description, "tilknyttetRegistreringSom")) == "Hoveddokument";
    each(description, "dokumentobjekt", [&](pugi::xml_node object) {
      if (auto name = trimmed_text(first(object, "referanseDokumentfil")); !name.empty())
        made.files.push_back(std::move(name));
    });
    out.documents.push_back(std::move(made));
  });
  return out;
}

}  // namespace kp::arkivmelding
