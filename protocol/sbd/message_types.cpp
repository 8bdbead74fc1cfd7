#include "protocol/sbd/message_types.hpp"

#include "config/text.hpp"

#include <array>

namespace kp::sbd::detail {

namespace {

// Member order as it is written today (fixtures of the upstream tests); not significant to anyone.

constexpr std::array<std::string_view, 2> notification_types{"VarselDPVUtenRevarsel",
                                                             "VarselDPVMedRevarsel"};
constexpr std::array<std::string_view, 3> notification_transports{"Epost", "SMS", "EpostOgSMS"};
constexpr std::array dpv_fields{
    field{"varselType", kind::literal, nullptr, notification_types},
    field{"varselTransportType", kind::literal, nullptr, notification_transports},
    field{"varselTekst"},
    field{"taushetsbelagtVarselTekst"},
    field{"dagerTilSvarfrist", kind::integer},
};
constexpr shape dpv{dpv_fields};

constexpr std::array dpf_fields{field{"forsendelseType"}};
constexpr shape dpf{dpf_fields};

constexpr std::array arkivmelding_fields{
    field{"sikkerhetsnivaa", kind::integer},
    field{"hoveddokument"},
    field{"dpv", kind::object, &dpv},
    field{"dpf", kind::object, &dpf},
};
constexpr shape arkivmelding{arkivmelding_fields};

constexpr std::array receipt_message_fields{field{"code"}, field{"text"}};
constexpr shape receipt_message{receipt_message_fields};

constexpr std::array arkivmelding_kvittering_fields{
    field{"hoveddokument"},
    field{"receiptType"},
    field{"relatedToMessageId"},
    field{"messages", kind::set, &receipt_message},
};
constexpr shape arkivmelding_kvittering{arkivmelding_kvittering_fields};

constexpr std::array avtalt_fields{
    field{"hoveddokument"},
    field{"identifier"},
    field{"content", kind::any},
};
constexpr shape avtalt{avtalt_fields};

constexpr std::array<std::string_view, 10> statuses{"OPPRETTET",
                                                    "SENDT",
                                                    "MOTTATT",
                                                    "LEVERT",
                                                    "LEST",
                                                    "FEIL",
                                                    "ANNET",
                                                    "INNKOMMENDE_MOTTATT",
                                                    "INNKOMMENDE_LEVERT",
                                                    "LEVETID_UTLOPT"};
constexpr std::array status_fields{
    field{"hoveddokument"},
    field{"status", kind::literal, nullptr, statuses},
};
constexpr shape status{status_fields};

constexpr std::array digital_post_info_fields{
    field{"virkningsdato", kind::date},
    field{"aapningskvittering", kind::boolean},
};
constexpr shape digital_post_info{digital_post_info_fields};
constexpr std::array notification_fields{field{"epostTekst"}, field{"smsTekst"}};
constexpr shape notifications{notification_fields};
constexpr std::array digital_fields{
    field{"sikkerhetsnivaa", kind::integer},
    field{"hoveddokument"},
    field{"avsenderId"},
    field{"fakturaReferanse"},
    field{"tittel"},
    field{"spraak"},
    field{"digitalPostInfo", kind::object, &digital_post_info},
    field{"varsler", kind::object, &notifications},
    field{"metadataFiler", kind::text_map},
};
constexpr shape digital{digital_fields};

constexpr std::array address_fields{
    field{"navn"},          field{"adresselinje1"}, field{"adresselinje2"}, field{"adresselinje3"},
    field{"adresselinje4"}, field{"postnummer"},    field{"poststed"},      field{"land"},
};
constexpr shape address{address_fields};
constexpr std::array<std::string_view, 2> return_handlings{"DIREKTE_RETUR",
                                                           "MAKULERING_MED_MELDING"};
constexpr std::array return_fields{
    field{"mottaker", kind::object, &address},
    field{"returhaandtering", kind::literal, nullptr, return_handlings},
};
constexpr shape return_to{return_fields};
constexpr std::array<std::string_view, 2> print_colours{"SORT_HVIT", "FARGE"};
constexpr std::array<std::string_view, 2> post_types{"A_PRIORITERT", "B_OEKONOMI"};
constexpr std::array print_fields{
    field{"hoveddokument"},
    field{"avsenderId"},
    field{"fakturaReferanse"},
    field{"mottaker", kind::object, &address},
    field{"utskriftsfarge", kind::literal, nullptr, print_colours},
    field{"posttype", kind::literal, nullptr, post_types},
    field{"retur", kind::object, &return_to},
    field{"printinstruksjoner", kind::text_map},
};
constexpr shape print{print_fields};

constexpr std::array digital_dpv_fields{
    field{"hoveddokument"},           field{"tittel"}, field{"sammendrag"}, field{"innhold"},
    field{"dpv", kind::object, &dpv},
};
constexpr shape digital_dpv{digital_dpv_fields};

constexpr std::array innsynskrav_fields{field{"hoveddokument"}, field{"orgnr"}, field{"epost"}};
constexpr shape innsynskrav{innsynskrav_fields};

constexpr std::array publisering_fields{field{"hoveddokument"}, field{"orgnr"}};
constexpr shape publisering{publisering_fields};

constexpr std::array<std::string_view, 2> reference_types{"innsynskrav", "publisering"};
constexpr std::array einnsyn_kvittering_fields{
    field{"hoveddokument"},
    field{"dokumentId"},
    field{"status"},
    field{"referanseType", kind::literal, nullptr, reference_types},
};
constexpr shape einnsyn_kvittering{einnsyn_kvittering_fields};

constexpr std::array patient_fields{field{"fnr"}, field{"fornavn"}, field{"mellomnavn"},
                                    field{"etternavn"}};
constexpr shape patient{patient_fields};
constexpr std::array attachment_fields{field{"issueDate", kind::instant}, field{"description"}};
constexpr shape attachment{attachment_fields};
constexpr std::array dialogmelding_fields{
    field{"hoveddokument"},
    field{"pasient", kind::object, &patient},
    field{"metadataFiler", kind::object_map, &attachment},
};
constexpr shape dialogmelding{dialogmelding_fields};

constexpr std::array<std::string_view, 3> application_receipts{"OK", "REJECTED",
                                                               "OK_ERROR_IN_MESSAGE_PART"};
constexpr std::array dialogmelding_kvittering_fields{
    field{"relatedToMessageId"},
    field{"status", kind::literal, nullptr, application_receipts},
    field{"messages", kind::set, &receipt_message},
    field{"rawReceipt"},
};
constexpr shape dialogmelding_kvittering{dialogmelding_kvittering_fields};

constexpr std::array fiksio_fields{field{"sikkerhetsnivaa", kind::integer}, field{"hoveddokument"}};
constexpr shape fiksio{fiksio_fields};

constexpr std::string_view arkivmelding_response =
    "urn:no:difi:profile:arkivmelding:response:ver1.0";
constexpr std::string_view avtalt_response = "urn:no:difi:profile:avtalt:response:ver1.0";
constexpr std::string_view einnsyn_response = "urn:no:difi:profile:einnsyn:response:ver1.0";

// In the order the error text for an unknown type lists them.
constexpr std::array message_types{
    message_type{"status", false, "", &status},
    message_type{"arkivmelding", true, arkivmelding_response, &arkivmelding},
    message_type{"arkivmelding_kvittering", false, arkivmelding_response, &arkivmelding_kvittering},
    message_type{"avtalt", false, avtalt_response, &avtalt},
    message_type{"digital", true, "", &digital},
    message_type{"digital_dpv", true, "", &digital_dpv},
    message_type{"print", true, "", &print},
    message_type{"dialogmelding", true, "", &dialogmelding},
    message_type{"dialogmelding_kvittering", false, "", &dialogmelding_kvittering},
    message_type{"innsynskrav", true, einnsyn_response, &innsynskrav},
    message_type{"publisering", true, einnsyn_response, &publisering},
    message_type{"einnsyn_kvittering", false, einnsyn_response, &einnsyn_kvittering},
    message_type{"fiksio", true, "", &fiksio, true},
};

}  // namespace

const message_type* find_message_type(std::string_view name) {
  for (const auto& type : message_types)
    if (equals_ignoring_case(type.name, name)) return &type;
  return nullptr;
}

std::string all_message_types() {
  std::string out;
  for (const auto& type : message_types) {
    if (type.is_unlisted) continue;
    if (!out.empty()) out += ',';
    out += type.name;
  }
  return out;
}

}  // namespace kp::sbd::detail
