#include "protocol/http/exchange.hpp"

#include "config/text.hpp"
#include "protocol/http/http_error.hpp"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kp::http {

namespace {

namespace bhttp = boost::beast::http;
using parser = bhttp::response_parser<bhttp::buffer_body>;

constexpr std::uint32_t max_header_bytes = 32 * 1024;
constexpr int max_interim_answers = 8;  // 1xx before the real one
constexpr std::size_t small_body = 16 * 1024;

bool is_set_by_client(std::string_view name) {
  for (const std::string_view own :
       {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"})
    if (equals_ignoring_case(name, own)) return true;
  return false;
}

error io_error(const exchange& what, const connection& on, const boost::system::error_code& why,
               std::string_view during) {
  if (on.timed_out())
    return transient(http_errc::timeout,
                     fmt::format("{} took too long while {}", what.to.origin(), during));
  return transient(http_errc::cut, fmt::format("{} ended the connection while {}: {}",
                                               what.to.origin(), during, why.message()));
}

error bad_answer(const exchange& what, std::string_view why) {
  return transient(http_errc::bad_answer, fmt::format("{} answered {}", what.to.origin(), why));
}

awaitable<result<void>> write_all(const exchange& what, connection& on, connection::buffers parts) {
  while (asio::buffer_size(parts) > 0) {
    on.limit(what.asked.deadlines.write, what.latest);
    const auto [failed, count] = co_await on.write_some(parts);
    if (failed) co_return io_error(what, on, failed, "the request was sent");
    consume(parts, count);
  }
  co_return result<void>{};
}

// The piece is shared with the worker: it may outlive this coroutine when the network stops.
using piece = std::shared_ptr<std::string>;

awaitable<result<std::size_t>> read_source(asio::thread_pool& workers,
                                           std::shared_ptr<const random_access_source> source,
                                           std::uint64_t offset, piece into) {
  auto work = [source, offset, into] { return source->read_at(offset, *into); };
  co_return co_await on_workers(workers, std::move(work));
}

awaitable<result<void>> write_sink(asio::thread_pool& workers, std::shared_ptr<byte_sink> sink,
                                   piece from, std::size_t count, bool last) {
  auto work = [sink, from, count, last]() -> result<void> {
    if (count > 0) KP_CHECK(sink->write(std::string_view(*from).substr(0, count)));
    if (last) return sink->finish();
    return {};
  };
  co_return co_await on_workers(workers, std::move(work));
}

awaitable<result<void>> write_source(const exchange& what, connection& on) {
  const auto& source = what.asked.body_source;
  const auto size = source->size();
  const auto buffer = std::make_shared<std::string>(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, stream_chunk)), '\0');
  for (std::uint64_t at = 0; at < size;) {
    on.unlimited();
    KP_CO_TRY(const auto read, co_await read_source(what.workers, source, at, buffer));
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(read, size - at));
    if (count == 0)
      co_return permanent(http_errc::cut, "the body to send is shorter than its size says");
    connection::buffers parts{asio::buffer(buffer->data(), count), asio::const_buffer(),
                              asio::const_buffer()};
    KP_CO_CHECK(co_await write_all(what, on, parts));
    at += count;
  }
  co_return result<void>{};
}

awaitable<result<void>> write_request(const exchange& what, connection& on,
                                      const std::string& head) {
  connection::buffers parts{asio::buffer(head), asio::buffer(what.asked.body),
                            asio::const_buffer()};
  KP_CO_CHECK(co_await write_all(what, on, parts));
  if (what.asked.body_source) KP_CO_CHECK(co_await write_source(what, on));
  co_return result<void>{};
}

awaitable<result<void>> read_head(exchange& what, connection& on, std::optional<parser>& into) {
  for (int interim = 0; interim <= max_interim_answers; ++interim) {
    into.emplace();
    into->header_limit(max_header_bytes);
    into->body_limit(boost::none);
    into->skip(what.asked.method == "HEAD");
    while (!into->is_header_done()) {
      if (on.buffer().size() > 0) {
        what.answer_began = true;
        boost::system::error_code bad;
        on.buffer().consume(into->put(on.buffer().data(), bad));
        if (into->is_header_done()) break;
        if (bad == bhttp::error::header_limit)
          co_return permanent(
              http_errc::too_large,
              fmt::format("{} answered a header that is too large", what.to.origin()));
        if (bad && bad != bhttp::error::need_more)
          co_return bad_answer(what, "what is no HTTP: " + bad.message());
      }
      const auto room = on.room();
      if (room.size() == 0)
        co_return permanent(
            http_errc::too_large,
            fmt::format("{} answered a header that is too large", what.to.origin()));
      on.limit(what.asked.deadlines.read, what.latest);
      const auto [failed, count] = co_await on.read_some(room);
      if (failed) co_return io_error(what, on, failed, "the answer was awaited");
      on.buffer().commit(count);
    }
    if (into->get().result_int() / 100 != 1 || into->get().result_int() == 101)
      co_return result<void>{};
  }
  co_return bad_answer(what, "nothing but interim answers");
}

// Reads at least one byte of the body into `into`, up to its end; 0 when the body is whole.
awaitable<result<std::size_t>> read_piece(exchange& what, connection& on, parser& from,
                                          std::string& into) {
  auto& body = from.get().body();
  body.data = into.data();
  body.size = into.size();
  for (;;) {
    if (on.buffer().size() > 0 && !from.is_done()) {
      boost::system::error_code bad;
      const auto used = from.put(on.buffer().data(), bad);
      on.buffer().consume(used);
      if (bad && bad != bhttp::error::need_more && bad != bhttp::error::need_buffer)
        co_return bad_answer(what, "a body that is not well-formed: " + bad.message());
      if (from.is_done() || body.size == 0) co_return into.size() - body.size;
      if (used > 0 && on.buffer().size() > 0) continue;
    }
    if (from.is_done()) co_return into.size() - body.size;
    const auto room = on.room();
    if (room.size() == 0) co_return bad_answer(what, "a body that is not well-formed");
    on.limit(what.asked.deadlines.read, what.latest);
    const auto [failed, count] = co_await on.read_some(room);
    if (failed == asio::error::eof && from.need_eof()) {
      boost::system::error_code bad;
      from.put_eof(bad);
      if (!bad) co_return into.size() - body.size;
    }
    if (failed) co_return io_error(what, on, failed, "the body of the answer was read");
    on.buffer().commit(count);
  }
}

error beyond(const exchange& what, std::uint64_t limit) {
  return permanent(http_errc::too_large,
                   fmt::format("{} answered more than {} bytes", what.to.origin(), limit));
}

awaitable<result<void>> read_body(exchange& what, connection& on, parser& from, response& into) {
  const bool to_sink = what.target.sink && into.status / 100 == 2;
  const std::uint64_t limit = to_sink ? what.target.max_bytes : what.asked.max_response_bytes;
  const auto announced = from.content_length();
  const bool has_body = what.asked.method != "HEAD" && !from.is_done();
  if (has_body && announced && *announced > limit) co_return beyond(what, limit);
  const auto step = to_sink ? stream_chunk : small_body;
  const auto room = !has_body ? 0 : announced ? std::min<std::uint64_t>(*announced, step) : step;
  const auto buffer = std::make_shared<std::string>(static_cast<std::size_t>(room), '\0');
  std::uint64_t total = 0;
  while (!from.is_done()) {
    KP_CO_TRY(const auto count, co_await read_piece(what, on, from, *buffer));
    total += count;
    if (total > limit) co_return beyond(what, limit);
    if (!to_sink) into.body.append(*buffer, 0, count);
    if (to_sink && count > 0) {
      on.unlimited();
      KP_CO_CHECK(co_await write_sink(what.workers, what.target.sink, buffer, count, false));
      if (std::chrono::steady_clock::now() > what.latest)
        co_return transient(http_errc::timeout,
                            fmt::format("the download from {} took too long", what.to.origin()));
    }
  }
  if (to_sink) KP_CO_CHECK(co_await write_sink(what.workers, what.target.sink, buffer, 0, true));
  co_return result<void>{};
}

}  // namespace

result<std::string> request_head_text(const exchange& what) {
  const auto& asked = what.asked;
  if (!is_field_name(asked.method))
    return permanent(http_errc::bad_url, "the method is no HTTP method");
  auto text = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", asked.method,
                          what.absolute_form ? "http://" + what.to.authority : "", what.to.target,
                          what.to.authority);
  if (!asked.headers.find("User-Agent") && !what.user_agent.empty())
    text.append("User-Agent: ").append(what.user_agent).append("\r\n");
  for (const auto& [name, value] : asked.headers.fields()) {
    if (is_set_by_client(name)) continue;
    if (!is_field_name(name) || !is_field_value(value))
      return permanent(http_errc::bad_url,
                       fmt::format("the header field {} has a name or value that cannot be sent",
                                   is_field_name(name) ? name : "?"));
    text.append(name).append(": ").append(value).append("\r\n");
  }
  const auto length = asked.body_source ? asked.body_source->size() : asked.body.size();
  const bool usual = asked.method == "POST" || asked.method == "PUT" || asked.method == "PATCH";
  if (length > 0 || usual) text += fmt::format("Content-Length: {}\r\n", length);
  return text + "\r\n";
}

awaitable<result<response>> perform(exchange& what, connection& on, const std::string& head) {
  const auto written = co_await write_request(what, on, head);
  // A server that refuses early answers and closes: its answer says more than a broken pipe.
  if (!written && (written.error().code != http_errc::cut || !written.error().retryable))
    co_return written.error();
  std::optional<parser> reader;
  const auto headed = co_await read_head(what, on, reader);
  if (!headed && !written) co_return written.error();
  if (!headed) co_return headed.error();

  const auto& message = reader->get();
  response answer;
  answer.status = message.result_int();
  for (const auto& field : message)
    answer.headers.add(std::string(field.name_string()), std::string(field.value()));
  if (answer.headers.find("Transfer-Encoding") && !reader->chunked())
    co_return bad_answer(what, "a transfer encoding that was not asked for");
  const auto whole = co_await read_body(what, on, *reader, answer);
  if (!whole && !what.asked.may_cut_response) co_return whole.error();
  what.reusable = whole && written && reader->keep_alive() && !reader->need_eof() &&
                  on.buffer().size() == 0 && answer.status != 101;
  co_return answer;
}

}  // namespace kp::http
