#include "protocol/dpf/soap.hpp"

#include "config/text.hpp"
#include "protocol/dpf/multipart.hpp"
#include "protocol/dpf/slow_retry.hpp"
#include "protocol/dpf/soap_xml.hpp"
#include "protocol/http/http_error.hpp"

#include <fmt/format.h>

namespace kp::dpf {

namespace {

constexpr std::string_view root_id = "forsendelse@knutepunkt";

class soap_svarut final : public svarut {
 public:
  soap_svarut(http::client& http, soap_settings settings)
      : http_(http), settings_(std::move(settings)) {}

  // The envelope first, each document as an attachment that it includes (dpf.md 6.1).
  result<packed> pack(const forsendelse& what, std::span<const open_document> documents,
                      const crypto::certificate& svaruts_own, spool_factory& spools,
                      const std::string& boundary) const override {
    KP_TRY(auto body, spools.make());
    spool_sink sink(body);
    multipart_writer parts(sink, boundary);
    KP_CHECK(parts.part(
        {"Content-Type: application/xop+xml; charset=utf-8; type=\"application/soap+xml\"",
         "Content-Transfer-Encoding: binary", fmt::format("Content-ID: <{}>", root_id)}));
    KP_CHECK(parts.write(send_envelope(what)));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      KP_CHECK(
          parts.part({"Content-Type: application/octet-stream", "Content-Transfer-Encoding: binary",
                      fmt::format("Content-ID: <{}>", content_id(i))}));
      KP_CHECK(write_encrypted(documents[i], svaruts_own, sink));
    }
    KP_CHECK(parts.finish());
    return packed{fmt::format("multipart/related; type=\"application/xop+xml\"; boundary=\"{}\"; "
                              "start=\"<{}>\"; start-info=\"application/soap+xml\"",
                              boundary, root_id),
                  std::move(body)};
  }

  http::awaitable<result<std::string>> send(packed what, std::string id) override {
    auto asked = request(what.content_type);
    asked.deadlines = send_deadlines(what.body->size());
    asked.body_source = std::move(what.body);
    KP_CO_TRY(const auto envelope, co_await perform("send", std::move(asked)));
    KP_CO_TRY(auto given, parse_sent_xml(envelope));
    // The id is ours; SvarUt repeats it.
    if (given.empty()) given = std::move(id);
    co_return given;
  }

  http::awaitable<result<std::vector<delivery_status>>> statuses(
      std::vector<std::string> ids) override {
    auto asked = plain_request(statuses_envelope(ids));
    KP_CO_TRY(const auto envelope, co_await perform("statuses", std::move(asked)));
    co_return parse_statuses_xml(envelope);
  }

  http::awaitable<result<std::vector<std::string>>> find(std::string external_reference) override {
    auto asked = plain_request(find_envelope(external_reference));
    KP_CO_TRY(const auto envelope, co_await perform("lookup by reference", std::move(asked)));
    co_return parse_texts_xml(envelope, "retrieveForsendelseIdByEksternRef");
  }

  http::awaitable<result<std::vector<std::string>>> types() override {
    auto asked = plain_request(types_envelope());
    KP_CO_TRY(const auto envelope, co_await perform("types", std::move(asked)));
    co_return parse_texts_xml(envelope, "retreiveForsendelseTyper");
  }

 private:
  http::request request(const std::string& content_type) const {
    http::request out;
    out.method = "POST";
    out.url = settings_.url;
    out.headers.add("Content-Type", content_type);
    out.headers.add("Accept", "application/soap+xml, multipart/related");
    out.headers.add("Authorization",
                    "Basic " + to_base64(settings_.username + ":" + settings_.password));
    return out;
  }

  http::request plain_request(std::string envelope) const {
    auto out = request("application/soap+xml; charset=utf-8");
    out.body = std::move(envelope);
    out.deadlines.total = call_deadline;
    return out;
  }

  // The envelope that came. A Fault is an error whatever the status (SOAP 1.2 part 2, 7.4.2).
  http::awaitable<result<std::string>> perform(std::string_view what, http::request asked) {
    const auto named = fmt::format("SvarUt {}", what);
    auto answer = co_await http_.send(std::move(asked));
    if (!answer) co_return with_context(answer.error(), named);
    const auto type = answer->headers.find("Content-Type").value_or("");
    auto envelope = first_part(type, answer->body);
    if (answer->status == 401 || answer->status == 403)
      co_return later_by_operator(http::to_error(named, *answer));
    if (envelope)
      if (auto fault = fault_in(*envelope)) co_return *std::move(fault);
    if (answer->status != 200) co_return again(http::to_error(named, *answer));
    if (!envelope)
      co_return transient(http::http_errc::bad_answer,
                          named + ": the answer is no whole multipart");
    co_return *std::move(envelope);
  }

  // Only what a Fault says is final (dpf.md 6.3).
  static error again(error why) {
    why.retryable = true;
    return why;
  }

  http::client& http_;
  soap_settings settings_;
};

}  // namespace

std::unique_ptr<svarut> make_soap_svarut(http::client& http, soap_settings settings) {
  return std::make_unique<soap_svarut>(http, std::move(settings));
}

}  // namespace kp::dpf
