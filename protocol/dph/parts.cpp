#include "protocol/dph/parts.hpp"

#include "config/config_error.hpp"
#include "config/text.hpp"
#include "protocol/api/content_disposition.hpp"

#include <fmt/format.h>

namespace kp::dph {

namespace {

constexpr std::size_t longest_message = 8 * 1024 * 1024;
constexpr std::size_t longest_boundary = 70;  // RFC 2046 5.1.1

error bad_answer(std::string_view why) {
  return transient(dph_errc::bad_answer, fmt::format("DPH receive: {}", why));
}

std::optional<std::string> boundary_of(std::string_view content_type) {
  const auto fields = api::split_parameters(content_type);
  if (!fields || !equals_ignoring_case(fields->front(), "multipart/mixed")) return std::nullopt;
  for (const auto field : std::span(*fields).subspan(1)) {
    const auto equals = field.find('=');
    if (equals == std::string_view::npos ||
        !equals_ignoring_case(trim(field.substr(0, equals)), "boundary"))
      continue;
    auto value = trim(field.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (value.empty() || value.size() > longest_boundary) return std::nullopt;
    return std::string(value);
  }
  return std::nullopt;
}

class collector final : public api::multipart_parser::events {
 public:
  explicit collector(spool_factory& spools) : spools_(spools) {}

  result<void> begin(const api::multipart_parser::part& part) override {
    into_message_ = part.name == "forretningsmelding";
    package_.reset();
    if (part.name != "dokumentpakke") return {};
    KP_TRY(out.package, spools_.make());
    package_ = std::make_unique<spool_sink>(out.package);
    return {};
  }
  result<void> data(std::string_view bytes) override {
    if (into_message_) {
      if (out.message.size() + bytes.size() > longest_message)
        return bad_answer("forretningsmelding is too long");
      out.message += bytes;
    }
    return package_ ? package_->write(bytes) : result<void>{};
  }
  result<void> end() override { return {}; }

  message_parts out;

 private:
  spool_factory& spools_;
  bool into_message_ = false;
  std::unique_ptr<spool_sink> package_;
};

// What the parser finds wrong is the adapter's, or the way's.
error judged(error why) {
  if (why.code.category() == config_errc_category()) return bad_answer(why.message);
  return why;
}

}  // namespace

result<message_parts> read_parts(std::string_view content_type, byte_source& body,
                                 spool_factory& spools) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return bad_answer("the answer is no multipart/mixed");
  collector parts(spools);
  api::multipart_parser parser(*boundary, parts);
  std::string chunk(stream_chunk, '\0');
  for (;;) {
    KP_TRY(const auto count, body.read(chunk));
    if (count == 0) break;
    if (auto fed = parser.feed(std::string_view(chunk).substr(0, count)); !fed)
      return judged(fed.error());
  }
  if (auto whole = parser.finish(); !whole) return judged(whole.error());
  if (parts.out.message.empty()) return bad_answer("there is no forretningsmelding");
  return std::move(parts.out);
}

}  // namespace kp::dph
