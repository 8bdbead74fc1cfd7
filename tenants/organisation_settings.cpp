#include "tenants/organisation_settings.hpp"

#include "config/ids.hpp"
#include "config/quota_declarations.hpp"
#include "config/setting_list.hpp"
#include "tenants/dpf_declarations.hpp"
#include "tenants/dpfio_declarations.hpp"
#include "tenants/loader.hpp"
#include "tenants/set_kind.hpp"
#include "tenants/usual_traits.hpp"

#include <fmt/format.h>

namespace kp::tenants {

namespace {

constexpr std::size_t most_channels = 200;
constexpr std::size_t most_previous_keystores = 10;
constexpr std::size_t most_reportees = 100;

template <class T, class Place>
void add_keystore(declarations<T>& all, const std::string& prefix, Place place) {
  all.add(
      prefix + "path", path_kind{}, [place](auto& s) -> auto& { return place(s).path; },
      "The PKCS#12 file with key and certificate.", needed);
  all.add(prefix + "password", secret_kind{},
          [place](auto& s) -> auto& { return place(s).password; }, "Its password.",
          {.required = true, .restart = false, .secret = true});
  all.add(
      prefix + "alias", text_kind{}, [place](auto& s) -> auto& { return place(s).alias; },
      "The entry to use, case-sensitive; only needed when there are several.",
      otherwise("the only entry"));
}

void add_dpo(declarations<organisation_draft>& all) {
  all.add(
      "services.dpo.enabled", switch_kind{}, [](auto& s) -> auto& { return s.dpo.enabled; },
      "Whether the organisation uses DPO (Altinn Broker).", usual);
  all.add(
      "services.dpo.system_user.organisation", text_kind{},
      [](auto& s) -> auto& { return s.dpo.system_user_organisation; },
      "The organisation of the Altinn system user, with prefix: 0192:910076787.",
      otherwise("0192:number"));
  all.add(
      "services.dpo.system_user.name", text_kind{},
      [](auto& s) -> auto& { return s.dpo.system_user_name; },
      "The name (external reference) of the Altinn system user.",
      otherwise("number_integrasjonspunkt_systembruker_number, with the organisation number"));
  all.add(
      "services.dpo.reportees",
      list_kind<reportee>{&reportee_settings, "reportee", "organisation", most_reportees},
      [](auto& s) -> auto& { return s.dpo.reportees; },
      "Organisations that this one sends and receives on behalf of. What arrives for them goes to "
      "the channels below.",
      usual);
  all.add(
      "services.dpo.client_id", text_kind{},
      [](auto& s) -> auto& { return s.dpo.maskinporten_client_id; },
      "The Maskinporten client for DPO, when it is another one.",
      otherwise("that of maskinporten.client_id"));
  all.add(
      "services.dpo.default_ttl_hours", integer_kind{1, 8760},
      [](auto& s) -> auto& { return s.dpo.default_ttl; },
      "How many hours a message lives that does not say so itself.", usual);
  all.add(
      "services.dpo.upload_size_limit", size_kind{1024, 10ull << 30},
      [](auto& s) -> auto& { return s.dpo.upload_size_limit; },
      "How large all attachments of a message may be together. Altinn refuses transfers above 1GB.",
      usual);
  all.add(
      "services.dpo.sha1_signatures", switch_kind{},
      [](auto& s) -> auto& { return s.dpo.sha1_signatures; },
      "Whether ASiC-E signatures use SHA-1 digests, for receivers that accept nothing newer.",
      usual);
  all.add(
      "services.dpo.poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpo.poll_interval; },
      "How many seconds lie between two searches for arrivals while messages come or go.", usual);
  all.add(
      "services.dpo.quiet_poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpo.quiet_poll_interval; },
      "How many seconds lie between two searches at most when nothing has come or gone for long: "
      "they wait a tenth of that silence. As poll_interval_seconds or less: never longer than "
      "that.",
      usual);
}

std::optional<std::string> as_organisation(const std::string& text) {
  const auto id = organisation_id::parse(text);
  if (!id) return std::nullopt;
  return id->to_string();
}

void add_dpv(declarations<organisation_draft>& all) {
  constexpr std::size_t longest_notification = 2144;  // of an SMS, dpv.md 4.3
  all.add(
      "services.dpv.enabled", switch_kind{}, [](auto& s) -> auto& { return s.dpv.enabled; },
      "Whether the organisation uses DPV (Altinn Correspondence).", usual);
  all.add(
      "services.dpv.client_id", text_kind{},
      [](auto& s) -> auto& { return s.dpv.maskinporten_client_id; },
      "The Maskinporten client for DPV, when it is another one.",
      otherwise("that of maskinporten.client_id"));
  all.add(
      "services.dpv.represents",
      set_kind<std::string>{"an organisation number: nine digits", &as_organisation},
      [](auto& s) -> auto& { return s.dpv.represents; },
      "Organisations in whose name this one sends letters, beside its own. Altinn does not ask; a "
      "letter in another name is refused here.",
      usual);
  all.add(
      "services.dpv.sensitive_resource", text_kind{},
      [](auto& s) -> auto& { return s.dpv.sensitive_resource; },
      "The Altinn resource whose letters are confidential (taushetsbelagt).", usual);
  all.add(
      "services.dpv.notify_email", switch_kind{},
      [](auto& s) -> auto& { return s.dpv.notify_email; },
      "Whether Altinn tells by e-mail of letters that do not say how. When neither this nor "
      "notify_sms is true, both ways are used.",
      usual);
  all.add(
      "services.dpv.notify_sms", switch_kind{}, [](auto& s) -> auto& { return s.dpv.notify_sms; },
      "Whether Altinn tells by SMS of letters that do not say how.", usual);
  all.add(
      "services.dpv.email_subject", text_kind{512},
      [](auto& s) -> auto& { return s.dpv.email_subject; }, "The subject of such e-mails.", usual);
  all.add(
      "services.dpv.notification_text", text_kind{longest_notification},
      [](auto& s) -> auto& { return s.dpv.notification_text; },
      "The text of such e-mails and SMS. $reporterName$ is the sender, "
      "$correspondenceRecipientName$ the recipient.",
      usual);
  all.add(
      "services.dpv.sensitive_notification_text", text_kind{longest_notification},
      [](auto& s) -> auto& { return s.dpv.sensitive_notification_text; },
      "The same for confidential letters.", usual);
  all.add(
      "services.dpv.due_date", switch_kind{}, [](auto& s) -> auto& { return s.dpv.due_date; },
      "Whether letters that do not say so themselves have a date to reply by.", usual);
  all.add(
      "services.dpv.days_to_reply", integer_kind{1, 3650},
      [](auto& s) -> auto& { return s.dpv.days_to_reply; }, "How many days ahead that is.", usual);
  all.add(
      "services.dpv.upload_size_limit", size_kind{1024, 2ull << 30},
      [](auto& s) -> auto& { return s.dpv.upload_size_limit; },
      "How large all attachments of a message may be together.", usual);
  all.add(
      "services.dpv.default_ttl_hours", integer_kind{1, 8760},
      [](auto& s) -> auto& { return s.dpv.default_ttl; },
      "How many hours a message lives that does not say so itself.", usual);
  all.add(
      "services.dpv.follow_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpv.follow_every; },
      "How many seconds lie between two questions to Altinn about a new letter; about older ones, "
      "up to an hour.",
      usual);
  all.add(
      "services.dpv.follow_hours", integer_kind{24, 24 * 3650},
      [](auto& s) -> auto& { return s.dpv.follow_for; },
      "For how many hours Altinn is asked whether a letter has been read.", usual);
  all.add(
      "services.dpv.generate_receipts", switch_kind{},
      [](auto& s) -> auto& { return s.dpv.generate_receipts; },
      "Whether an arkivmelding_kvittering is put into the sender's inbox when a letter of an "
      "arkivmelding has been delivered.",
      usual);
}

void add_other_services(declarations<organisation_draft>& all) {
  const auto enabled = [&](const char* name, auto place, std::string what) {
    all.add(
        fmt::format("services.{}.enabled", name), switch_kind{},
        [place](auto& s) -> auto& { return place(s).enabled; },
        "Whether the organisation uses " + what + ".", usual);
  };
  enabled("dpi", [](auto& s) -> auto& { return s.dpi; }, "DPI (digital post to residents)");
  all.add(
      "services.dpi.supplier", text_kind{}, [](auto& s) -> auto& { return s.dpi.supplier; },
      "The supplier in whose name digital post is handed over, nine digits.",
      otherwise("the organisation itself"));
  all.add(
      "services.dpi.client_id", text_kind{},
      [](auto& s) -> auto& { return s.dpi.maskinporten_client_id; },
      "The Maskinporten client that sends digital post and asks for receipts.",
      otherwise("that of maskinporten.client_id"));
  all.add(
      "services.dpi.sends_own_consumer", switch_kind{},
      [](auto& s) -> auto& { return s.dpi.sends_own_consumer; },
      "Whether tokens name the sender (consumer_org) also when it is the organisation of the key "
      "store itself, which Maskinporten refuses for most clients.",
      usual);
  all.add(
      "services.dpi.language", text_kind{2}, [](auto& s) -> auto& { return s.dpi.language; },
      "The language of the titles of printed letters when the Service Registry knows none.", usual);
  all.add(
      "services.dpi.poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpi.poll_interval; },
      "How many seconds lie between two looks for receipts while letters are sent or receipts "
      "come.",
      usual);
  all.add(
      "services.dpi.quiet_poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpi.quiet_poll_interval; },
      "How many seconds lie between two looks at most when nothing has come or gone for long: they "
      "wait a tenth of that silence. As poll_interval_seconds or less: never longer than that.",
      usual);
  declare_dpf(all, [](auto& s) -> auto& { return s.dpf; });
  enabled("dpe", [](auto& s) -> auto& { return s.dpe; }, "DPE (eInnsyn)");
  all.add(
      "services.dpe.mode",
      word_kind<dpe_mode>{
          {{"innsyn", dpe_mode::innsyn}, {"data", dpe_mode::data}, {"meeting", dpe_mode::meeting}}},
      [](auto& s) -> auto& { return s.dpe.mode; },
      "Which of the organisation's queues is read, and where statuses go: innsyn for those who "
      "publish and are asked for access, data for eInnsyn itself.",
      usual);
  all.add(
      "services.dpe.transport",
      word_kind<dpe_transport>{{{"rest", dpe_transport::rest}, {"amqp", dpe_transport::amqp}}},
      [](auto& s) -> auto& { return s.dpe.transport; },
      "How the queues are reached: rest over HTTPS, or amqp by AMQP 1.0 over one connection that "
      "all organisations share, which needs a way out to port 5671.",
      usual);
  all.add(
      "services.dpe.receipt_queue", text_kind{50},
      [](auto& s) -> auto& { return s.dpe.receipt_queue; },
      "The end of the name of the queue that statuses and receipts go to, whatever the mode.",
      otherwise("what the mode says"));
  all.add(
      "services.dpe.poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpe.poll_interval; },
      "How many seconds lie between two looks into the queue, while messages come or go.", usual);
  all.add(
      "services.dpe.quiet_poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dpe.quiet_poll_interval; },
      "How many seconds lie between two looks at most when nothing has come or gone for long: they "
      "wait a tenth of that silence. As poll_interval_seconds or less: never longer than that.",
      usual);
  declare_dpfio(all, [](auto& s) -> auto& { return s.dpfio; });
  enabled("dph", [](auto& s) -> auto& { return s.dph; }, "DPH (Norsk helsenett, beta)");
  all.add(
      "services.dph.client_id", text_kind{},
      [](auto& s) -> auto& { return s.dph.maskinporten_client_id; },
      "The Maskinporten client that sends and receives health messages.",
      otherwise("that of maskinporten.client_id"));
  all.add(
      "services.dph.sends_own_consumer", switch_kind{},
      [](auto& s) -> auto& { return s.dph.sends_own_consumer; },
      "Whether tokens name the owner of a HER-id (consumer_org) also when it is the organisation "
      "of "
      "the key store itself, which Maskinporten refuses for most clients.",
      usual);
  all.add(
      "services.dph.poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dph.poll_interval; },
      "How many seconds lie between two looks for messages to each HER-id while messages come or go, "
      "and before it is first asked how a message fares.",
      usual);
  all.add(
      "services.dph.quiet_poll_interval_seconds", integer_kind{1, 3600},
      [](auto& s) -> auto& { return s.dph.quiet_poll_interval; },
      "How many seconds lie between two looks at most when nothing has come or gone for long: they "
      "wait a tenth of that silence. As poll_interval_seconds or less: never longer than that.",
      usual);
  all.add(
      "services.dph.automatic_receipts", switch_kind{},
      [](auto& s) -> auto& { return s.dph.automatic_receipts; },
      "Whether the hub itself answers each health message that it has stored with a receipt OK. "
      "Business systems then neither see receipts nor send them.",
      usual);
}

declarations<organisation_draft> declare_organisation() {
  declarations<organisation_draft> all{organisation_draft{}};
  all.add(
      "number", text_kind{}, [](auto& s) -> auto& { return s.number; },
      "The organisation number, nine digits.", needed);
  all.add(
      "name", text_kind{}, [](auto& s) -> auto& { return s.name; },
      "What people call the organisation; for logs and pages.", otherwise("the number"));
  add_keystore(all, "keystore.", [](auto& s) -> auto& { return s.keystore; });
  all.add(
      "previous_keystores",
      list_kind<keystore_settings>{&previous_keystore_settings, "previous key store", "path",
                                   most_previous_keystores},
      [](auto& s) -> auto& { return s.previous_keystores; },
      "Key stores from before, to decrypt what was sent to the old certificate.", usual);
  all.add(
      "maskinporten.client_id", text_kind{},
      [](auto& s) -> auto& { return s.maskinporten_client_id; },
      "The organisation's client at Maskinporten.",
      otherwise("MOVE_IP_number, with the organisation number"));
  add_dpo(all);
  add_dpv(all);
  add_other_services(all);
  all.add(
      "seats.waiting_moves", switch_kind{}, [](auto& s) -> auto& { return s.waiting_moves; },
      "Whether arrivals that nobody has peeked yet move to the new channel when another one is to "
      "receive. Otherwise they stay where they are.",
      usual);
  declare_quotas(
      all, [](auto& s) -> auto& { return s.quotas; }, "that of hub.yaml", "that of hub.yaml");
  all.add(
      "channels",
      list_kind<channel_draft>{&channel_draft_settings, "channel", "name", most_channels},
      [](auto& s) -> auto& { return s.channels; },
      "The seats of the organisation's business systems; at least one.", needed);
  return all;
}

declarations<keystore_settings> declare_previous_keystore() {
  declarations<keystore_settings> all{keystore_settings{}};
  add_keystore(all, "", [](auto& s) -> auto& { return s; });
  return all;
}

declarations<reportee> declare_reportee() {
  declarations<reportee> all{reportee{}};
  all.add(
      "organisation", text_kind{}, [](auto& s) -> auto& { return s.organisation; },
      "The represented organisation, with prefix: 0192:974760673.", needed);
  all.add(
      "name", text_kind{}, [](auto& s) -> auto& { return s.name; },
      "The name (external reference) of the Altinn system user that it has approved.", needed);
  return all;
}

}  // namespace

const declarations<organisation_draft>& organisation_settings() {
  static const auto all = declare_organisation();
  return all;
}

const declarations<keystore_settings>& previous_keystore_settings() {
  static const auto all = declare_previous_keystore();
  return all;
}

const declarations<reportee>& reportee_settings() {
  static const auto all = declare_reportee();
  return all;
}

std::string describe_organisation_settings() {
  return "## The file\n\n" + describe(organisation_settings().texts()) +
         "\n## Each of previous_keystores\n\n" + describe(previous_keystore_settings().texts()) +
         "\n## Each of services.dpo.reportees\n\n" + describe(reportee_settings().texts()) +
         "\n## Each of services.dpf.accounts\n\n" + describe(svarut_account_settings().texts()) +
         "\n## Each of services.dpf.receivers\n\n" + describe(svarinn_system_settings().texts()) +
         "\n## Each of channels\n\n" + describe(channel_draft_settings().texts()) +
         "\n## Each of a channel's credentials\n\n" + describe(credential_settings().texts());
}

}  // namespace kp::tenants
