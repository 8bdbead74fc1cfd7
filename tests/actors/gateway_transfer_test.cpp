#include "actors/gateway_transfer.hpp"

#include "actors/message_rules.hpp"
#include "tests/actors/support_channel.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

// Multipart bodies from the network, piece by piece.

namespace kp::test {
namespace {

// Takes content in, and counts what nobody completed.
class counting_blobs final : public storage::blobs {
 public:
  class sink final : public writer {
   public:
    explicit sink(counting_blobs& all) : all_(all) { ++all_.open_; }
    ~sink() override { --all_.open_; }
    result<void> write(std::string_view bytes) override {
      size_ += bytes.size();
      all_.written += bytes.size();
      return {};
    }
    result<storage::blob_ref> complete(storage::batch&) override {
      return storage::blob_ref{fmt::format("{:032x}", ++all_.completed), size_, ""};
    }
    std::uint64_t written() const override { return size_; }

   private:
    counting_blobs& all_;
    std::uint64_t size_ = 0;
  };

  result<std::unique_ptr<writer>> create(organisation_id, const storage::committer&) override {
    return std::unique_ptr<writer>(std::make_unique<sink>(*this));
  }
  result<std::shared_ptr<random_access_source>> open(organisation_id,
                                                     const storage::blob_ref&) override {
    return permanent(storage::storage_errc::not_found, "no content");
  }
  void remove(storage::batch&, organisation_id, const storage::blob_ref&) override {}
  void release(organisation_id, const storage::blob_ref&) override { ++released; }
  result<std::size_t> collect(std::chrono::seconds) override { return std::size_t{0}; }

  std::size_t open_ = 0;
  std::size_t completed = 0;
  std::size_t released = 0;
  std::uint64_t written = 0;
};

class pieces final : public http::request_body {
 public:
  pieces(std::string all, std::size_t size) : all_(std::move(all)), size_(size) {}
  http::awaitable<result<std::string_view>> next() override {
    const auto piece = std::string_view(all_).substr(at_, size_);
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::string all_;
  std::size_t size_;
  std::size_t at_ = 0;
};

class gateway_transfer : public channel_test {
 protected:
  received_multipart receive(const std::string& body, std::size_t piece = 64 * 1024) {
    const auto with_blobs = std::make_shared<hub_context>(hub_context{
        {}, network, workers, system.time(), *random, store, made, *spools, nullptr, nullptr, {}});
    pieces source(body, piece);
    std::optional<result<received_multipart>> outcome;
    auto task =
        receive_multipart(with_blobs, settings->id, source, "b1", "/api/messages/out/multipart");
    http::asio::co_spawn(network, std::move(task),
                         [&](std::exception_ptr failed, result<received_multipart> got) {
                           EXPECT_FALSE(failed);
                           outcome.emplace(std::move(got));
                         });
    network.restart();
    network.run();
    EXPECT_TRUE(outcome && *outcome);
    return outcome && *outcome ? std::move(**outcome) : received_multipart{};
  }
  static std::string part(const std::string& name, const std::string& filename,
                          const std::string& content) {
    return fmt::format("--b1\r\nContent-Disposition: form-data; name=\"{}\"{}\r\n\r\n{}\r\n", name,
                       filename.empty() ? "" : fmt::format("; filename=\"{}\"", filename), content);
  }
  static constexpr const char* end = "--b1--\r\n";

  counting_blobs made;
};

TEST_F(gateway_transfer, document_and_files_of_a_multipart_request_of_today_are_told_apart) {
  KP_FIXTURE(request, "rest/multipart-arkivmelding.request.http.txt");
  auto body = request.substr(request.find("\n\n") + 2);
  for (std::size_t at = 0; (at = body.find('\n', at)) != std::string::npos; at += 2)
    if (at == 0 || body[at - 1] != '\r') body.insert(at, "\r");
  const std::string boundary = "6o2knFse3p53ty9dmcQvWAIx1zInP11uCfbm";
  for (auto at = body.find(boundary); at != std::string::npos; at = body.find(boundary))
    body.replace(at, boundary.size(), "b1");
  for (const std::size_t piece : {1u, 7u, 100'000u}) {
    const auto got = receive(body, piece);
    ASSERT_FALSE(got.refusal) << got.refusal->body;
    ASSERT_TRUE(got.message.sbd);
    EXPECT_EQ(message_id_in(*got.message.sbd), "e99e5cd1-74de-4cce-b902-cecdf97dc4f3");
    ASSERT_EQ(got.message.files.size(), 1u);
    EXPECT_EQ(got.message.files[0].filename, "before_the_law.txt");
    EXPECT_EQ(got.message.files[0].title, "Before The Law");
    EXPECT_EQ(got.message.files[0].content_type, "text/plain");
  }
}

TEST_F(gateway_transfer, a_file_above_the_limit_is_counted_and_not_kept) {
  const std::string large(multipart_file_limit + 1, 'x');
  const auto body =
      part("a", "large.pdf", large) + part("b", "small.pdf", "xyz") + part("sbd", "", "{}") + end;
  const auto got = receive(body);
  ASSERT_FALSE(got.refusal);
  ASSERT_EQ(got.message.files.size(), 2u);
  EXPECT_EQ(got.message.files[0].content.size, multipart_file_limit + 1);
  EXPECT_EQ(got.message.files[0].content.id, "");
  EXPECT_EQ(got.message.files[1].content.size, 3u);
  EXPECT_NE(got.message.files[1].content.id, "");
  EXPECT_EQ(got.message.sbd, "{}");
  EXPECT_EQ(made.open_, 0u);
  EXPECT_LE(made.written, multipart_file_limit + 3);
}

TEST_F(gateway_transfer, a_file_of_exactly_the_limit_is_kept) {
  const auto got =
      receive(part("a", "a.pdf", std::string(multipart_file_limit, 'x')) + end, 10'000);
  ASSERT_FALSE(got.refusal);
  EXPECT_NE(got.message.files.at(0).content.id, "");
  EXPECT_EQ(got.message.sbd, std::nullopt);
}

TEST_F(gateway_transfer, parts_that_are_no_files_have_a_limit_together) {
  const std::string half(1024 * 1024, ' ');
  EXPECT_FALSE(receive(part("sbd", "", half) + part("note", "", half) + end).refusal);
  const auto got =
      receive(part("a", "a.pdf", "x") + part("sbd", "", half) + part("note", "", half + "x") + end);
  ASSERT_TRUE(got.refusal);
  EXPECT_EQ(got.refusal->status, 413u);
  EXPECT_EQ(exception_of(*got.refusal), "MaxUploadSizeExceededException");
  EXPECT_EQ(made.released, 1u);
}

TEST_F(gateway_transfer, of_two_documents_the_first_counts_and_one_with_a_name_is_a_file_too) {
  const auto got =
      receive(part("sbd", "sbd.json", R"({"a":1})") + part("sbd", "", R"({"b":2})") + end);
  ASSERT_FALSE(got.refusal);
  EXPECT_EQ(got.message.sbd, R"({"a":1})");
  ASSERT_EQ(got.message.files.size(), 1u);
  EXPECT_EQ(got.message.files[0].filename, "sbd.json");
}

TEST_F(gateway_transfer, what_is_no_multipart_body_is_400_and_leaves_nothing) {
  std::string many;
  for (int i = 0; i < 51; ++i) many += part("x", "", "");
  for (const auto& body :
       {std::string("rubbish"), part("a", "a.pdf", "x"), many + end,
        "--b1\r\nContent-Disposition: form-data; name=\"" + std::string(600, 'n') + "\"\r\n\r\n"}) {
    const auto got = receive(body);
    ASSERT_TRUE(got.refusal);
    EXPECT_EQ(got.refusal->status, 400u);
    EXPECT_EQ(exception_of(*got.refusal), "MultipartException");
  }
  EXPECT_EQ(made.open_, 0u);
}

}  // namespace
}  // namespace kp::test
