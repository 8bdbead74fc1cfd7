#pragma once

#include "config/byte_io.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// HTTP as the services of the sandbox see it: no Beast here, so that only the listener compiles it.

namespace kp::sandbox {

using header_list = std::vector<std::pair<std::string, std::string>>;

struct request {
  std::string method;
  std::string path;   // percent-decoded, without query
  std::string query;  // as sent, without '?'
  header_list headers;
  std::string body;  // empty for a streamed upload
  std::string remote_address;
  std::optional<std::uint64_t> content_length;

  std::optional<std::string_view> header(std::string_view name) const;  // the first
  std::optional<std::string> parameter(std::string_view name) const;    // the first, decoded
  std::optional<std::string_view> bearer() const;
  // Whether Accept lets `type` ("application/json") through; no Accept lets everything through.
  bool accepts(std::string_view type) const;
  // Whether Accept names `type` itself, not only by a wildcard.
  bool asks_for(std::string_view type) const;
};

struct response {
  unsigned status = 200;
  header_list headers;
  std::string body;
  // Sent instead of `body` when set: `length` bytes from `offset`.
  std::shared_ptr<const random_access_source> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool corrupt = false;  // the first byte of the body is flipped on its way out

  std::uint64_t size() const { return file ? length : body.size(); }
};

// What the network does wrong on purpose with one exchange.
enum class cut_kind {
  none,
  before,          // closed after the request, which has no effect
  after,           // closed after the request had its effect
  truncate,        // full Content-Length, half of the body, closed
  reset_mid_body,  // as truncate, with a TCP reset; a streamed upload is reset half way in
};
struct mishap {
  std::chrono::milliseconds delay{0};  // after the request has been read, before its effect
  cut_kind cut = cut_kind::none;
};

// One request on its way through the sandbox. Called on the network thread, in this order: body()
// for every piece, prepare(), then finish(); or aborted() when the client went away before the end.
class exchange {
 public:
  virtual ~exchange() = default;
  // An answer ends the exchange at once; the connection is closed after it.
  virtual std::optional<response> body(std::string_view bytes) = 0;
  // Known before the body: reset the connection once so many bytes of it have come.
  virtual std::optional<std::uint64_t> reset_after() const { return {}; }
  virtual mishap prepare() = 0;
  virtual response finish() = 0;
  virtual void aborted() {}
};

class application {
 public:
  virtual ~application() = default;
  virtual std::unique_ptr<exchange> begin(request head) = 0;
};

// "%C3%A6" and, where `plus_is_space`, "+". Malformed escapes stay as they are.
std::string percent_decode(std::string_view text, bool plus_is_space);
// application/x-www-form-urlencoded, in order.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);

}  // namespace kp::sandbox
