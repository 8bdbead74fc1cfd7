#pragma once

#include "actors/message_rules.hpp"
#include "actors/svarut_messages.hpp"
#include "protocol/registry/answer.hpp"
#include "tests/actors/support_channel.hpp"

// A channel that may send with every service, and a Service Registry that says what the test wants.

namespace kp::test {

struct registry_says {
  registry::answer answer;
  std::size_t asked = 0;
};

inline caf::behavior obedient_registry(caf::event_based_actor*, registry_says* says) {
  return {
      [=](const find_receiver&) {
        ++says->asked;
        receiver_answer answer;
        answer.found = says->answer;
        return answer;
      },
      [=](const find_letter_types&) { return letter_types{{"forsendelsetype-1"}, {}}; },
      [=](const check_own_certificate&) { return certificate_verdict{}; },
  };
}

class sending_test : public channel_test {
 protected:
  sending_test() {
    for (const auto via : all_services) set_enabled(via, true);
    settings->dpf.accounts.emplace_back().organisation = "910077473";
    auto& channel = settings->channels.front();
    channel.sends = {all_services.begin(), all_services.end()};
    channel.addresses.her_ids = {8143548, 8143060};
    const auto desk = system.spawn(obedient_registry, &says);
    sak = system.spawn(kp::actors::channel,
                       channel_args{context, number_of("sak"), organisation, desk, writer});
    system.run();
  }

  void set_enabled(service via, bool on) {
    for (auto [which, enabled] : {std::pair{service::dpo, &settings->dpo.enabled},
                                  {service::dpv, &settings->dpv.enabled},
                                  {service::dpi, &settings->dpi.enabled},
                                  {service::dpf, &settings->dpf.enabled},
                                  {service::dpe, &settings->dpe.enabled},
                                  {service::dpfio, &settings->dpfio.enabled},
                                  {service::dph, &settings->dph.enabled}})
      if (which == via) *enabled = on;
  }

  // Every receiver takes `standard` by `via`.
  registry::service_record& offers(service via, std::string standard) {
    registry::service_record record;
    record.via = via;
    record.document_types = {std::move(standard)};
    says.answer.records = {std::move(record)};
    return says.answer.records.front();
  }
  // As the registry answers in the collection.
  void answers(const std::string& recorded) {
    const auto parsed = registry::parse_answer(recorded);
    ASSERT_TRUE(parsed) << parsed.error().message;
    says.answer = *parsed;
  }

  // A document that nothing is wrong with, and a receiver that takes it.
  document_text of_type(std::string type, service via, std::string business = "{}") {
    document_text document;
    document.standard = "urn:no:difi:x:xsd::" + type;
    if (type == "fiksio") document.standard = document.process = "no.digdir.einnsyn.v1";
    document.type = std::move(type);
    document.business = std::move(business);
    offers(via, document.standard);
    return document;
  }
  static std::string as_nhn(std::string text) {
    constexpr std::string_view authority = "iso6523-actorid-upis";
    for (auto at = text.find(authority); at != std::string::npos; at = text.find(authority))
      text.replace(at, authority.size(), "nhn-actorid");
    return text;
  }
  std::string health_message(std::string business, std::string type = "dialogmelding") {
    auto document = of_type(std::move(type), service::dph, std::move(business));
    document.sender = "her-id:8143548";
    document.receiver = "her-id:8143060";
    return as_nhn(document.text());
  }
  std::string created_from(const std::string& text) {
    const auto answer = create(sak, text);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return answer.status == 200 ? message_id_in(answer.body) : "";
  }

  struct file {
    std::string name;
    std::optional<std::string> title = {};
    std::string type = "application/pdf";
    std::string bytes = "x";
  };
  // 200, or what was said of it: "MissingFileTitleException".
  std::string put(const std::string& message, const file& f) {
    auto begin = begin_of(message, f.name, f.bytes.size());
    begin.content_type = f.type;
    begin.content_disposition = fmt::format("attachment; filename=\"{}\"", f.name);
    begin.title = f.title;
    const auto admission = ask<upload_admission>(sak, begin);
    const auto answer =
        admission.ticket ? ask(sak, end_of(*admission.ticket, f.bytes)) : admission.refusal.value();
    return outcome(answer);
  }
  std::string send(const std::string& message) {
    return outcome(call(sak, endpoint::send, message));
  }
  static std::string outcome(const api_answer& answer) {
    return answer.status == 200 ? "200" : exception_of(answer);
  }

  multipart_send parts(const std::string& sbd, const std::vector<file>& files) {
    multipart_send request;
    request.path = "/api/messages/out/multipart";
    request.sbd = sbd;
    request.blob_records = std::make_shared<storage::batch>();
    for (const auto& f : files) {
      multipart_file part{f.name, f.title, f.type, {}, {}};
      part.content = blobs.add(*request.blob_records, settings->id, f.bytes);
      if (f.name == "arkivmelding.xml") part.arkivmelding = f.bytes;
      request.files.push_back(std::move(part));
    }
    return request;
  }

  registry_says says;
};

}  // namespace kp::test
