#include "actors/gateway_calls.hpp"

#include "actors/bridge.hpp"
#include "actors/gateway_answers.hpp"
#include "config/log.hpp"
#include "protocol/api/page.hpp"
#include "protocol/api/upload.hpp"
#include "protocol/http/http_error.hpp"

namespace kp::actors {

namespace {

constexpr std::size_t max_sbd_bytes = 2 * 1024 * 1024;
constexpr std::chrono::milliseconds answer_deadline{60'000};
constexpr std::chrono::milliseconds wake_deadline{10'000};

}  // namespace

std::optional<std::string> text_of(const http::headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  if (!found) return std::nullopt;
  return std::string(*found);
}

http::awaitable<bool> gateway_calls::wake(std::shared_ptr<open_seat> seat) {
  if (seat->what.seat) co_return true;
  const auto owner = caf::actor_cast<caf::actor>(seat->what.owner);
  if (!owner) co_return false;
  open_channel wanted{seat->what.channel};
  const auto opened =
      co_await ask<channel_opened>(system_, owner, std::move(wanted), wake_deadline);
  // Another request may have had it made meanwhile, and the organisation may have said so itself.
  if (opened && !seat->what.seat) seat->what.seat = opened->seat;
  co_return seat->what.seat != nullptr;
}

http::awaitable<http::server_response> gateway_calls::call(caf::actor channel,
                                                           tenants::directory::seat who,
                                                           const route::call& to,
                                                           const http::request_head& head,
                                                           http::request_body& body) {
  const auto organisation = who.owner->id;
  api_call request;
  request.what = to.what;
  request.path = head.path;
  request.argument = to.argument;
  request.query = head.query;
  request.view = who.view();
  request.content_type = text_of(head.headers, "Content-Type").value_or("");
  if (to.what == endpoint::create)
    request.idempotency_key = text_of(head.headers, "Idempotency-Key");
  if (to.takes_body) {
    auto text = co_await http::read_all(body, max_sbd_bytes);
    if (!text && text.error().code == http::http_errc::too_large)
      co_return refuse(api::document_too_large(max_sbd_bytes), head, now());
    if (!text) co_return failed(text.error(), head, now());
    request.body = *std::move(text);
  }
  auto answer =
      co_await ask<api_answer>(system_, std::move(channel), std::move(request), answer_deadline);
  if (!answer) co_return failed(answer.error(), head, now());
  if (!answer->content) co_return to_response(*std::move(answer));
  auto content = co_await open_content(hub_, organisation, *answer->content);
  if (!content) {
    log(log_level::error, "stored content not readable: " + content.error().message,
        {{"organisation", organisation.to_string()}, {"path", head.path}});
    co_return refuse(api::asic_read(to.argument), head, now());
  }
  http::server_response response;
  response.status = answer->status;
  response.headers = std::move(answer->headers);
  response.stream = *std::move(content);
  co_return response;
}

http::awaitable<http::server_response> gateway_calls::upload(caf::actor channel,
                                                             organisation_id organisation,
                                                             const route::upload& to,
                                                             const http::request_head& head,
                                                             http::request_body& body) {
  upload_begin begin;
  begin.path = head.path;
  begin.message = to.message;
  begin.content_type = text_of(head.headers, "Content-Type");
  begin.content_disposition = text_of(head.headers, "Content-Disposition");
  begin.title = api::query::parse(head.query).find("title");
  begin.content_length = head.content_length;
  auto admitted =
      co_await ask<upload_admission>(system_, channel, std::move(begin), answer_deadline);
  if (!admitted) co_return failed(admitted.error(), head, now());
  if (!admitted->ticket)
    co_return to_response(admitted->refusal.value_or(api_answer{500, {}, {}, {}}));

  const auto ticket = *admitted->ticket;
  const bool is_read = is_read_on_arrival(ticket.filename);
  auto outcome = co_await receive_upload(hub_, organisation, body, head.content_length,
                                         ticket.max_bytes, is_read, with_data_key_);
  if (!outcome) co_return failed(outcome.error(), head, now());
  if (const auto* over = std::get_if<too_much>(&*outcome)) {
    upload_too_large say{head.path, ticket, head.content_length.value_or(over->at_least)};
    auto answer = co_await ask<api_answer>(system_, channel, std::move(say), answer_deadline);
    if (!answer) co_return failed(answer.error(), head, now());
    co_return to_response(*std::move(answer));
  }
  auto& got = std::get<received>(*outcome);
  upload_end end{head.path, ticket, got.content, std::move(got.record),
                 std::move(got.arkivmelding)};
  auto answer = co_await ask<api_answer>(system_, channel, std::move(end), answer_deadline);
  // Without an answer, or after a store error, nobody knows whether it was committed: the
  // collector finds out. A refusal was not.
  if (!answer) co_return failed(answer.error(), head, now());
  if (answer->status >= 400 && answer->status < 500) {
    std::vector<storage::blob_ref> refused;
    refused.push_back(got.content);
    drop(hub_, organisation, std::move(refused));
  }
  co_return to_response(*std::move(answer));
}

http::awaitable<http::server_response> gateway_calls::multipart(caf::actor channel,
                                                                organisation_id organisation,
                                                                const http::request_head& head,
                                                                http::request_body& body) {
  const auto type = text_of(head.headers, "Content-Type").value_or("");
  auto boundary = api::multipart_parser::boundary_of(type);
  auto got = co_await receive_multipart(hub_, organisation, body, boundary.value_or(""), head.path);
  if (!got) co_return failed(got.error(), head, now());
  if (got->refusal) co_return to_response(*std::move(got->refusal));
  got->message.idempotency_key = text_of(head.headers, "Idempotency-Key");
  auto answer =
      co_await ask<api_answer>(system_, channel, std::move(got->message), answer_deadline);
  if (!answer) co_return failed(answer.error(), head, now());
  co_return to_response(*std::move(answer));
}

}  // namespace kp::actors
