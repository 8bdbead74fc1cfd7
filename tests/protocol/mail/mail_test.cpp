#include "protocol/mail/mail.hpp"

#include "config/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <istream>
#include <string>
#include <thread>
#include <vector>

namespace kp::mail {
namespace {

namespace asio = boost::asio;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// A mail server of one conversation, which answers as a test says.
class mail_box {
 public:
  explicit mail_box(std::map<std::string, std::string> answers = {})
      : answers_(std::move(answers)), thread_([this] { serve(); }) {}
  ~mail_box() { join(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  server at() const {
    server to;
    to.url = "smtp://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    to.allow_unencrypted = true;
    to.deadline = std::chrono::seconds(5);
    return to;
  }
  std::vector<std::string> commands;
  std::string data;

 private:
  void serve() {
    auto peer = acceptor_.accept();
    say(peer, "220 here");
    asio::streambuf buffer;
    for (;;) {
      const auto line = hear(peer, buffer);
      if (line.empty()) return;
      commands.push_back(line);
      const auto verb = line.substr(0, line.find(' '));
      const auto told = answers_.find(verb);
      if (told != answers_.end()) {
        if (told->second.empty()) return;  // hangs up
        say(peer, told->second);
      } else if (verb == "EHLO") {
        say(peer, "250-here\r\n250 AUTH PLAIN");
      } else if (verb == "DATA") {
        say(peer, "354 go on");
        for (auto next = hear(peer, buffer); next != "." && !next.empty();
             next = hear(peer, buffer, true))
          data += next + "\n";
        say(peer, "250 taken");
      } else if (verb == "AUTH") {
        say(peer, "235 welcome");
      } else {
        say(peer, "250 good");
      }
      if (verb == "QUIT") return;
    }
  }
  static void say(asio::ip::tcp::socket& to, const std::string& line) {
    boost::system::error_code ignored;
    asio::write(to, asio::buffer(line + "\r\n"), ignored);
  }
  // "" at the end; an empty line of a letter is given as a space.
  static std::string hear(asio::ip::tcp::socket& from, asio::streambuf& buffer,
                          bool in_letter = true) {
    boost::system::error_code failed;
    asio::read_until(from, buffer, "\r\n", failed);
    if (failed) return {};
    std::istream in(&buffer);
    std::string line;
    std::getline(in, line);
    if (!line.empty()) line.pop_back();
    return line.empty() && in_letter ? " " : line;
  }

  std::map<std::string, std::string> answers_;
  asio::io_context here_;
  asio::ip::tcp::acceptor acceptor_{here_, {asio::ip::make_address("127.0.0.1"), 0}};
  std::thread thread_;
};

letter example() {
  letter what;
  what.from = "hub@example.no";
  what.to = {"drift@example.no", "vakt@example.no"};
  what.subject = "Knutepunkt: 2 alerts";
  what.text = "Fjordnes: 2 meldinger feilet\nBergvik: blåbær\n";
  what.at = time_point(std::chrono::seconds(1'772'000'000));
  what.id = "7@hub.example.no";
  return what;
}

std::string body_of(const std::string& data) {
  const std::string before = "base64\n \n";
  const auto begin = data.find(before);
  const auto end = data.find("\n--", begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return from_base64(data.substr(begin + before.size(), end - begin - before.size())).value_or("");
}

}  // namespace

TEST(mail, reaches_every_receiver_with_its_text) {
  mail_box box;
  const auto sent = send(box.at(), example());
  ASSERT_TRUE(sent) << sent.error().message;
  box.join();
  EXPECT_THAT(box.commands, Contains(HasSubstr("MAIL FROM:<hub@example.no>")));
  EXPECT_THAT(box.commands, Contains("RCPT TO:<drift@example.no>"));
  EXPECT_THAT(box.commands, Contains("RCPT TO:<vakt@example.no>"));
  EXPECT_THAT(box.data, HasSubstr("From: <hub@example.no>\n"));
  EXPECT_THAT(box.data, HasSubstr("To: drift@example.no, vakt@example.no\n"));
  EXPECT_THAT(box.data, HasSubstr("Subject: Knutepunkt: 2 alerts\n"));
  EXPECT_THAT(box.data, HasSubstr("Date: Wed, 25 Feb 2026 06:13:20 +0000\n"));
  EXPECT_THAT(box.data, HasSubstr("Message-ID: <7@hub.example.no>\n"));
  EXPECT_THAT(box.data, HasSubstr("text/plain; charset=utf-8"));
  EXPECT_EQ(body_of(box.data), example().text) << box.data;
}

TEST(mail, signs_in_when_it_is_told_to) {
  mail_box box;
  auto to = box.at();
  to.user = "hub";
  to.password = "hemmelig";
  EXPECT_TRUE(send(to, example()));
  box.join();
  EXPECT_THAT(box.commands, Contains(HasSubstr("AUTH PLAIN")));
}

TEST(mail, that_a_server_does_not_want_is_not_worth_a_retry) {
  mail_box box({{"RCPT", "550 who?"}});
  const auto sent = send(box.at(), example());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, mail_errc::refused);
  EXPECT_FALSE(sent.error().retryable);
}

TEST(mail, waits_for_a_server_that_is_busy_or_hangs_up) {
  {
    mail_box box({{"MAIL", "451 later"}});
    const auto sent = send(box.at(), example());
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error().retryable) << sent.error().message;
  }
  mail_box box({{"DATA", ""}});
  const auto sent = send(box.at(), example());
  ASSERT_FALSE(sent);
  EXPECT_TRUE(sent.error().retryable) << sent.error().message;
}

TEST(mail, says_when_user_and_password_are_wrong) {
  mail_box box({{"AUTH", "535 no"}});
  auto to = box.at();
  to.user = "hub";
  to.password = "feil";
  const auto sent = send(to, example());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, mail_errc::sign_in);
  EXPECT_EQ(sent.error().message.find("feil"), std::string::npos);
}

TEST(mail, is_not_sent_in_the_clear_unless_that_is_allowed) {
  mail_box box;
  auto to = box.at();
  to.allow_unencrypted = false;
  const auto sent = send(to, example());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, mail_errc::tls);
  box.join();
  EXPECT_TRUE(box.data.empty());
}

TEST(mail, ends_at_its_deadline) {
  asio::io_context here;
  const asio::ip::tcp::acceptor silent(here, {asio::ip::make_address("127.0.0.1"), 0});
  server to;
  to.url = "smtp://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  to.deadline = std::chrono::seconds(1);
  const auto begun = std::chrono::steady_clock::now();
  const auto sent = send(to, example());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, mail_errc::connect);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
}

}  // namespace kp::mail
