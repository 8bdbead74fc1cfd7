#include "tests/tools/system/webhook_receiver.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace kp::test {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

struct webhook_receiver::listener {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
};

std::string webhook_receiver::taken::text(const std::string& member) const {
  boost::system::error_code broken;
  const auto parsed = boost::json::parse(body, broken);
  if (broken || !parsed.is_object()) return {};
  const auto* found = parsed.get_object().if_contains(member);
  return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

bool webhook_receiver::taken::is_signed_with(const std::string& secret) const {
  const auto found = headers.find("knutepunkt-signature");
  if (found == headers.end() || !found->second.starts_with("t=")) return false;
  const auto time = found->second.substr(2, found->second.find(',') - 2);
  const auto signed_text = time + "." + body;
  std::array<unsigned char, 32> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac.data(),
       &size);
  std::string hex;
  for (const auto byte : mac) {
    constexpr auto digits = "0123456789abcdef";
    hex += {digits[byte >> 4], digits[byte & 15]};
  }
  return found->second.find("v1=" + hex) != std::string::npos;
}

webhook_receiver::webhook_receiver() : listener_(std::make_unique<listener>()) {
  thread_ = std::thread([this] { serve(); });
}

webhook_receiver::~webhook_receiver() {
  ::shutdown(listener_->acceptor.native_handle(), SHUT_RDWR);
  thread_.join();
}

std::string webhook_receiver::url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(listener_->acceptor.local_endpoint().port()) + target;
}

void webhook_receiver::answer(unsigned status) {
  const std::scoped_lock lock(mutex_);
  status_ = status;
}

std::vector<webhook_receiver::taken> webhook_receiver::all() const {
  const std::scoped_lock lock(mutex_);
  return all_;
}

std::vector<webhook_receiver::taken> webhook_receiver::of_message(const std::string& id) const {
  auto found = all();
  std::erase_if(found, [&](const taken& each) { return each.text("messageId") != id; });
  return found;
}

void webhook_receiver::serve() {
  std::vector<tcp::socket> waiting;
  for (;;) {
    boost::system::error_code failed;
    tcp::socket socket(listener_->context);
    listener_->acceptor.accept(socket, failed);
    if (failed) return;
    const timeval patience{5, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    boost::beast::flat_buffer buffer;
    bhttp::request<bhttp::string_body> request;
    bhttp::read(socket, buffer, request, failed);
    if (failed) continue;
    taken one{std::string(request.target()), {}, request.body()};
    for (const auto& field : request) {
      std::string name(field.name_string());
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      one.headers[name] = std::string(field.value());
    }
    unsigned status = 0;
    {
      const std::scoped_lock lock(mutex_);
      all_.push_back(std::move(one));
      status = status_;
    }
    if (status == 0) {
      waiting.push_back(std::move(socket));
      continue;
    }
    bhttp::response<bhttp::empty_body> response(bhttp::int_to_status(status), 11);
    response.keep_alive(false);
    response.prepare_payload();
    bhttp::write(socket, response, failed);
  }
}

}  // namespace kp::test
