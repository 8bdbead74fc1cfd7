#include "protocol/arkivmelding/arkivmelding.hpp"

#include "protocol/arkivmelding/noark.hpp"

#include <fmt/format.h>

namespace kp::arkivmelding {

namespace {

summary summarise_root(pugi::xml_node root) {
  summary out;
  const auto case_file = first(root, "mappe", "saksmappe");
  if (!case_file) return out;
  out.has_case_file = true;
  const auto entry = first(case_file, "basisregistrering", "journalpost");
  if (!entry) return out;
  out.has_registry_entry = true;
  if (const auto title = first(entry, "offentligTittel")) out.public_title = text(title);
  if (const auto title = first(entry, "tittel")) out.entry_title = text(title);
  out.title = out.public_title.value_or("");
  if (const auto number = whole_number(trimmed_text(first(entry, "journalpostnummer"))))
    out.reference = fmt::format("{}-{}", trimmed_text(first(case_file, "systemID")), *number);
  each(entry, "dokumentbeskrivelse", [&](pugi::xml_node description) {
    each(description, "dokumentobjekt", [&](pugi::xml_node object) {
      each(object, "referanseDokumentfil", [&](pugi::xml_node reference) {
        if (auto name = trimmed_text(reference); !name.empty())
          out.referenced_files.push_back(std::move(name));
      });
    });
  });
  return out;
}

}  // namespace

result<summary> summarise(std::string_view xml) {
  pugi::xml_document document;
  KP_CHECK(load(document, xml));
  return summarise_root(document.document_element());
}

}  // namespace kp::arkivmelding
