#pragma once

#include "protocol/dpi/dpi_error.hpp"
#include "protocol/http/client.hpp"
#include "protocol/maskinporten/maskinporten.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The sender's access point of digital post (dpi.md 3). Nothing outside this folder knows its JSON.

namespace kp::dpi {

enum class transport_state { created, sent, failed };  // OPPRETTET, SENDT, FEILET

struct transport_status {
  transport_state state = transport_state::created;
  std::optional<time_point> at;
  std::string detail;  // beskrivelse
};

struct shipment {
  std::string jws;
  std::shared_ptr<const random_access_source> package;
  std::optional<std::string> channel;  // kanal, as it is sent
  std::string token;                   // the one inside the JWS
  std::string boundary;
};

struct inbox_page {
  std::optional<std::string> channel;
  std::size_t size = 100;
  std::optional<std::size_t> number;  // absent: the first
};

// Corner 2 as one account sees it. A 401 of anything but send() evicts the token and is tried once
// more. Errors: transport errors and http_errc::refused / unauthorized / rate_limited / unavailable
// with the problem's words; bad_answer. Lives on the network thread.
class corner2 {
 public:
  corner2(http::client& http, maskinporten::client& tokens, std::string base_url)
      : http_(http), tokens_(tokens), base_url_(std::move(base_url)) {
    while (base_url_.ends_with('/')) base_url_.pop_back();
  }

  // The token for sending on behalf of `sender` (nine digits), with at least `needed` left to live
  // when it is fresh. It goes into the business message and into shipment::token.
  http::awaitable<result<std::string>> sending_token(std::string sender, const clock& time,
                                                     std::chrono::seconds needed);
  void forget_sending_token(const std::string& sender);

  // A timeout or cut after the body has left means that it may have been accepted: ask statuses().
  http::awaitable<result<void>> send(shipment);
  // Empty when corner 2 knows no such shipment (200 [], 204 or 404).
  http::awaitable<result<std::vector<transport_status>>> statuses(std::string message);
  // Compact JWSs of unread receipts.
  http::awaitable<result<std::vector<std::string>>> inbox(inbox_page);
  // Success also when it has been read before (404).
  http::awaitable<result<void>> mark_read(std::string receipt);

  // How long a shipment of this size may take.
  static std::chrono::seconds time_for(std::uint64_t bytes);

 private:
  http::awaitable<result<http::response>> perform(http::request what);

  http::client& http_;
  maskinporten::client& tokens_;
  std::string base_url_;
};

}  // namespace kp::dpi
