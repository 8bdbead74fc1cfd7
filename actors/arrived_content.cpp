#include "actors/arrived_content.hpp"

#include "config/log.hpp"
#include "protocol/asic/asic.hpp"
#include "protocol/crypto/crypto_error.hpp"
#include "protocol/zip/zip.hpp"

#include <fmt/format.h>

namespace kp::actors {

namespace {

// Passes bytes on up to a limit.
class bounded_sink final : public byte_sink {
 public:
  explicit bounded_sink(byte_sink& to) : to_(to) {}
  result<void> write(std::string_view bytes) override {
    written_ += bytes.size();
    if (written_ > max_content_bytes)
      return permanent(crypto::crypto_errc::too_large,
                       fmt::format("the content is larger than {} bytes", max_content_bytes));
    return to_.write(bytes);
  }

 private:
  byte_sink& to_;
  std::uint64_t written_ = 0;
};

result<void> decrypt_container(byte_source& cms, std::span<const crypto::keystore> keys,
                               const std::shared_ptr<spool>& to) {
  KP_CHECK(decrypt_content(cms, keys, to));
  const auto container = zip::reader::open(to);
  if (!container) return container.error();
  return {};
}

void warn(const organisation_context& in, const content_of& whose, std::string_view what,
          const error& why) {
  log(log_level::warning, what,
      {{"organisation", in.id().to_string()},
       {"service", to_string(whose.via)},
       {"transfer", whose.transfer},
       {"detail", why.message}});
}

result<void> store_readable(const organisation_context& in, const content_of& whose,
                            const std::shared_ptr<spool>& plain, const container_judge& judge,
                            arrival& to) {
  if (!judge) {
    const auto verified = asic::verify(plain);
    if (!verified) warn(in, whose, "the ASiC-E of an arrival does not verify", verified.error());
  }
  to.state = storage::content_state::readable;
  sequential_source bytes(plain);
  return store_content(in, bytes, to);
}

}  // namespace

std::shared_ptr<fetched> not_fetched(fetch_verdict verdict, error why) {
  if (verdict == fetch_verdict::failed) why.retryable = true;
  auto answer = std::make_shared<fetched>();
  answer->verdict = verdict;
  answer->failure = std::move(why);
  return answer;
}

bool is_of_content(const error& why) {
  return why.code.category() == crypto::crypto_errc_category();
}

result<void> decrypt_content(byte_source& cms, std::span<const crypto::keystore> keys,
                             const std::shared_ptr<spool>& to) {
  KP_TRY(const auto plain, crypto::open_envelope(cms, keys));
  spool_sink sink(to);
  bounded_sink bounded(sink);
  const auto copied = copy(*plain, bounded);
  if (!copied) return copied.error();
  return {};
}

result<void> store_content(const organisation_context& in, byte_source& from, arrival& to) {
  KP_TRY(const auto blob, in.hub->blobs.create(in.id(), in.hub->commit_from_worker));
  bounded_sink bounded(*blob);
  const auto copied = copy(from, bounded);
  if (!copied) return copied.error();
  to.blob_record = std::make_shared<storage::batch>();
  KP_TRY(to.content, blob->complete(*to.blob_record));
  return {};
}

result<void> keep_content(const organisation_context& in, const content_of& whose,
                          const std::function<result<std::unique_ptr<byte_source>>()>& cms,
                          std::span<const crypto::keystore> keys, arrival& to,
                          const container_judge& judge) {
  KP_TRY(const auto plain, in.hub->spools.make());
  KP_TRY(const auto encrypted, cms());
  auto readable = decrypt_container(*encrypted, keys, plain);
  if (readable && judge) readable = judge(plain);
  if (!readable) {
    if (!is_of_content(readable.error())) return readable.error();
    to.state = storage::content_state::unreadable;
    to.content_problem = "The content cannot be opened: " + readable.error().message;
    warn(in, whose, "the content of an arrival cannot be opened, kept as it came",
         readable.error());
    KP_TRY(const auto arrived, cms());
    return store_content(in, *arrived, to);
  }
  return store_readable(in, whose, plain, judge, to);
}

result<void> keep_readable_content(const organisation_context& in, const content_of& whose,
                                   const std::function<result<std::unique_ptr<byte_source>>()>& cms,
                                   std::span<const crypto::keystore> keys, arrival& to) {
  KP_TRY(const auto plain, in.hub->spools.make());
  KP_TRY(const auto encrypted, cms());
  KP_CHECK(decrypt_container(*encrypted, keys, plain));
  return store_readable(in, whose, plain, {}, to);
}

}  // namespace kp::actors
