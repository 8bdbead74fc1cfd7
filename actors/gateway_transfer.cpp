#include "actors/gateway_transfer.hpp"

#include "actors/message_rules.hpp"
#include "config/log.hpp"
#include "protocol/api/error_body.hpp"
#include "protocol/api/page.hpp"
#include "protocol/api/upload.hpp"
#include "protocol/arkivmelding/arkivmelding.hpp"
#include "protocol/http/http_error.hpp"

namespace kp::actors {

namespace {

// rest-api.md 14.1.
constexpr std::uint64_t max_multipart_request = 500ull * 1024 * 1024;
constexpr std::uint64_t max_multipart_text = 2 * 1024 * 1024;  // all parts that are no files

using writer_ptr = std::unique_ptr<storage::blobs::writer>;

// The text is cut one byte beyond what a reader accepts, so that the reader refuses it by size.
void keep(std::string& text, std::string_view bytes) {
  const auto room = arkivmelding::max_bytes + 1 - text.size();
  text.append(bytes.substr(0, room));
}

result<received> complete(storage::blobs::writer& writer, std::string text) {
  received done;
  done.record = std::make_shared<storage::batch>();
  KP_TRY(done.content, writer.complete(*done.record));
  done.arkivmelding = std::move(text);
  return done;
}

// A body that is known to be small: some microseconds of cipher, and no file. The first one of an
// organisation may have to make its data key, which waits for the store: that one visits a worker.
http::awaitable<result<reception>> receive_small(std::shared_ptr<hub_context> hub,
                                                 organisation_id organisation,
                                                 http::request_body& body, std::size_t size,
                                                 bool keep_text, organisations& with_data_key) {
  KP_CO_TRY(auto bytes, co_await http::read_all(body, size));
  auto work = [hub, organisation, bytes = std::move(bytes), keep_text]() -> result<reception> {
    KP_TRY(auto writer, hub->blobs.create(organisation, hub->commit_from_worker));
    KP_CHECK(writer->write(bytes));
    KP_TRY(auto done, complete(*writer, keep_text ? bytes : std::string()));
    return reception(std::move(done));
  };
  if (with_data_key.contains(organisation)) co_return work();
  auto outcome = co_await http::on_workers(hub->workers, std::move(work));
  if (outcome) with_data_key.insert(organisation);
  co_return outcome;
}

class content_body final : public http::response_body {
 public:
  content_body(std::shared_ptr<hub_context> hub, std::shared_ptr<random_access_source> from)
      : hub_(std::move(hub)), from_(std::move(from)), buffer_(stream_chunk, '\0') {}

  http::awaitable<result<std::string_view>> next() override {
    auto work = [this] { return from_->read_at(at_, buffer_); };
    KP_CO_TRY(const auto count, co_await http::on_workers(hub_->workers, std::move(work)));
    at_ += count;
    co_return std::string_view(buffer_.data(), count);
  }

 private:
  std::shared_ptr<hub_context> hub_;
  std::shared_ptr<random_access_source> from_;
  std::string buffer_;
  std::uint64_t at_ = 0;
};

// Puts the parts of a multipart body where they belong. On a worker.
class multipart_sink final : public api::multipart_parser::events {
 public:
  multipart_sink(std::shared_ptr<hub_context> hub, organisation_id organisation)
      : hub_(std::move(hub)), organisation_(organisation) {
    out.message.blob_records = std::make_shared<storage::batch>();
  }

  // Of several documents the first counts. One that comes as a file is a file as well (6.5).
  result<void> begin(const api::multipart_parser::part& part) override {
    size_ = 0;
    is_sbd_ = part.name == "sbd" && !out.message.sbd;
    is_file_ = part.filename.has_value();
    if (is_sbd_) out.message.sbd.emplace();
    if (!is_file_) return {};
    KP_TRY(writer_, hub_->blobs.create(organisation_, hub_->commit_from_worker));
    out.message.files.push_back(
        {*part.filename, part.name, part.content_type.value_or(""), {}, {}});
    return {};
  }

  result<void> data(std::string_view bytes) override {
    size_ += bytes.size();
    if (is_sbd_ || !is_file_) {
      text_ += bytes.size();
      if (text_ > max_multipart_text) return refuse(api::payload_too_large());
    }
    if (is_sbd_) out.message.sbd->append(bytes);
    if (!is_file_) return {};
    // The document is judged before its attachments, and may come after them: a file that is too
    // large is counted, not kept.
    if (size_ > multipart_file_limit) {
      writer_.reset();
      return {};
    }
    auto& file = out.message.files.back();
    if (is_read_on_arrival(file.filename)) keep(file.arkivmelding, bytes);
    return writer_->write(bytes);
  }

  result<void> end() override {
    if (!is_file_) return {};
    auto& file = out.message.files.back();
    if (writer_) {
      KP_TRY(file.content, writer_->complete(*out.message.blob_records));
    } else {
      file.content.size = size_;
    }
    writer_.reset();
    return {};
  }

  // After a failure: what has been completed is nobody's.
  void drop_all() {
    writer_.reset();
    for (const auto& file : out.message.files)
      if (!file.content.id.empty()) hub_->blobs.release(organisation_, file.content);
  }

  received_multipart out;
  std::optional<api::problem> refused;

 private:
  error refuse(api::problem why) {
    refused = std::move(why);
    return permanent(http::http_errc::refused, refused->message);
  }

  std::shared_ptr<hub_context> hub_;
  organisation_id organisation_;
  writer_ptr writer_;
  std::uint64_t size_ = 0;  // of this part
  std::uint64_t text_ = 0;  // of all parts that are no files
  bool is_sbd_ = false;
  bool is_file_ = false;
};

api_answer to_answer(const api::problem& why, const std::string& path, time_point now) {
  api_answer answer;
  answer.status = why.status;
  answer.headers.add("Content-Type", "application/json");
  answer.body = api::pretty(api::to_json(why, path, now));
  return answer;
}

struct multipart_reading {
  multipart_reading(std::shared_ptr<hub_context> hub, organisation_id organisation,
                    std::string boundary)
      : sink(std::move(hub), organisation), parser(std::move(boundary), sink) {}
  multipart_sink sink;
  api::multipart_parser parser;
};

http::awaitable<result<void>> read_parts(std::shared_ptr<hub_context> hub, http::request_body& body,
                                         std::shared_ptr<multipart_reading> reading) {
  std::uint64_t total = 0;
  for (;;) {
    KP_CO_TRY(const auto piece, co_await body.next());
    if (piece.empty()) break;
    total += piece.size();
    if (total > max_multipart_request) {
      reading->sink.refused = api::payload_too_large();
      co_return permanent(http::http_errc::too_large, "multipart request too large");
    }
    auto work = [reading, piece] { return reading->parser.feed(piece); };
    KP_CO_CHECK(co_await http::on_workers(hub->workers, std::move(work)));
  }
  auto work = [reading] { return reading->parser.finish(); };
  co_return co_await http::on_workers(hub->workers, std::move(work));
}

}  // namespace

bool is_read_on_arrival(std::string_view filename) {
  return filename == "arkivmelding.xml" || filename == "dialogmelding.xml";
}

http::awaitable<result<reception>> receive_upload(std::shared_ptr<hub_context> hub,
                                                  organisation_id organisation,
                                                  http::request_body& body,
                                                  std::optional<std::uint64_t> content_length,
                                                  std::uint64_t max_bytes, bool keep_text,
                                                  organisations& with_data_key) {
  if (content_length && *content_length <= storage::blobs::inline_limit &&
      *content_length <= max_bytes)
    co_return co_await receive_small(hub, organisation, body,
                                     static_cast<std::size_t>(*content_length), keep_text,
                                     with_data_key);

  auto create = [hub, organisation] {
    return hub->blobs.create(organisation, hub->commit_from_worker);
  };
  KP_CO_TRY(auto created, co_await http::on_workers(hub->workers, std::move(create)));
  const std::shared_ptr<storage::blobs::writer> writer = std::move(created);
  std::string text;
  std::uint64_t total = 0;
  for (;;) {
    KP_CO_TRY(const auto piece, co_await body.next());
    if (piece.empty()) break;
    total += piece.size();
    if (total > max_bytes) co_return reception(too_much{total});
    if (keep_text) keep(text, piece);
    auto work = [writer, piece] { return writer->write(piece); };
    KP_CO_CHECK(co_await http::on_workers(hub->workers, std::move(work)));
  }
  auto finish = [writer, text = std::move(text)]() mutable {
    return complete(*writer, std::move(text));
  };
  KP_CO_TRY(auto done, co_await http::on_workers(hub->workers, std::move(finish)));
  co_return reception(std::move(done));
}

http::awaitable<result<received_multipart>> receive_multipart(std::shared_ptr<hub_context> hub,
                                                              organisation_id organisation,
                                                              http::request_body& body,
                                                              std::string boundary,
                                                              std::string path) {
  auto reading = std::make_shared<multipart_reading>(hub, organisation, std::move(boundary));
  const auto outcome = co_await read_parts(hub, body, reading);
  if (outcome) {
    reading->sink.out.message.path = std::move(path);
    co_return std::move(reading->sink.out);
  }
  auto clean_up = [reading] {
    reading->sink.drop_all();
    return true;
  };
  co_await http::on_workers(hub->workers, std::move(clean_up));
  received_multipart out;
  if (reading->sink.refused) {
    out.refusal = to_answer(*reading->sink.refused, path, hub->time.now());
  } else if (outcome.error().code.category() == make_error_code(http::http_errc::cut).category()) {
    co_return outcome.error();
  } else if (outcome.error().retryable) {
    co_return outcome.error();
  } else {
    out.refusal =
        to_answer(api::malformed_multipart(outcome.error().message), path, hub->time.now());
  }
  co_return out;
}

http::awaitable<result<std::shared_ptr<http::response_body>>> open_content(
    std::shared_ptr<hub_context> hub, organisation_id organisation, storage::blob_ref content) {
  auto work = [hub, organisation, content = std::move(content)] {
    return hub->blobs.open(organisation, content);
  };
  KP_CO_TRY(auto opened, co_await http::on_workers(hub->workers, std::move(work)));
  co_return std::shared_ptr<http::response_body>(
      std::make_shared<content_body>(hub, std::move(opened)));
}

void drop(const std::shared_ptr<hub_context>& hub, organisation_id organisation,
          std::vector<storage::blob_ref> blobs) {
  http::asio::post(hub->workers, [hub, organisation, blobs = std::move(blobs)] {
    for (const auto& blob : blobs) hub->blobs.release(organisation, blob);
  });
}

}  // namespace kp::actors
