#include "protocol/mail/mail.hpp"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <memory>

namespace kp::mail {

namespace {

struct deleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_mime* parts) const { curl_mime_free(parts); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using easy = std::unique_ptr<CURL, deleter>;
using list = std::unique_ptr<curl_slist, deleter>;
using mime = std::unique_ptr<curl_mime, deleter>;

void add(list& to, const std::string& line) {
  if (auto* longer = curl_slist_append(to.get(), line.c_str())) {
    static_cast<void>(to.release());
    to.reset(longer);
  }
}

std::string joined(const std::vector<std::string>& addresses) {
  return fmt::format("{}", fmt::join(addresses, ", "));
}

// RFC 5322 3.3: "Wed, 25 Feb 2026 06:13:20 +0000".
std::string date(time_point at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

void prepare(CURL* handle, const server& to, const char* problem) {
  curl_easy_setopt(handle, CURLOPT_URL, to.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_USE_SSL,
                   static_cast<long>(to.allow_unencrypted ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!to.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, to.ca_file.c_str());
  if (!to.user.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, to.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, to.password.c_str());
    curl_easy_setopt(handle, CURLOPT_SASL_IR, 1L);  // RFC 4954 4: one round less
  }
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(to.deadline.count()));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(to.deadline.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // it runs on a thread of many
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, problem);
}

error judge(CURLcode outcome, long answer, const server& to, const char* problem) {
  const auto why =
      fmt::format("mail server {}: {}", to.url, *problem ? problem : curl_easy_strerror(outcome));
  switch (outcome) {
    case CURLE_LOGIN_DENIED:
      return permanent(mail_errc::sign_in, why);
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
      return permanent(mail_errc::tls, why);
    default:
      break;
  }
  if (answer / 100 == 5) return permanent(mail_errc::refused, why);
  return transient(answer / 100 == 4 ? mail_errc::refused : mail_errc::connect, why);
}

}  // namespace

result<void> send(const server& to, const letter& what) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const easy handle(ready == CURLE_OK ? curl_easy_init() : nullptr);
  if (!handle) return transient(mail_errc::connect, "libcurl cannot be used");
  char problem[CURL_ERROR_SIZE] = "";
  prepare(handle.get(), to, problem);

  list receivers, fields;
  for (const auto& each : what.to) add(receivers, "<" + each + ">");
  add(fields, "From: <" + what.from + ">");
  add(fields, "To: " + joined(what.to));
  add(fields, "Subject: " + what.subject);
  add(fields, "Date: " + date(what.at));
  add(fields, "Message-ID: <" + what.id + ">");
  add(fields, "Auto-Submitted: auto-generated");
  const mime parts(curl_mime_init(handle.get()));
  auto* text = curl_mime_addpart(parts.get());
  curl_mime_data(text, what.text.data(), what.text.size());
  curl_mime_type(text, "text/plain; charset=utf-8");
  curl_mime_encoder(text, "base64");
  const auto envelope_from = "<" + what.from + ">";
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_FROM, envelope_from.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_MAIL_RCPT, receivers.get());
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, fields.get());
  curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, parts.get());

  const auto outcome = curl_easy_perform(handle.get());
  if (outcome == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &answer);
  return judge(outcome, answer, to, problem);
}

}  // namespace kp::mail
