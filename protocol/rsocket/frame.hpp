#pragma once

#include "protocol/rsocket/rsocket_error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Frames of RSocket 1.0 over TCP (rsocket.io/about/protocol), as far as a requester needs them:
// status-service.md 5.2. Integers are big-endian.

namespace kp::rsocket {

enum class frame_type : std::uint8_t {
  setup = 0x01,
  lease = 0x02,
  keepalive = 0x03,
  request_response = 0x04,
  request_fnf = 0x05,
  cancel = 0x09,
  payload = 0x0a,
  error = 0x0b,
  metadata_push = 0x0c,
  ext = 0x3f,
};

// Ten bits; some mean different things in different types.
namespace flag {
inline constexpr std::uint16_t ignore = 0x200;
inline constexpr std::uint16_t metadata = 0x100;
inline constexpr std::uint16_t follows = 0x080;
inline constexpr std::uint16_t respond = 0x080;  // of keepalive
inline constexpr std::uint16_t complete = 0x040;
inline constexpr std::uint16_t next = 0x020;
}  // namespace flag

struct frame {
  std::uint32_t stream = 0;
  frame_type type = frame_type::ext;
  std::uint16_t flags = 0;
  std::string body;  // after the header of six bytes

  bool has(std::uint16_t bits) const { return (flags & bits) == bits; }
};

inline constexpr std::size_t longest_frame = 0xffffff;

// With its length before it. The body may be no longer than longest_frame allows.
std::string encode(const frame&);

struct setup {
  std::chrono::milliseconds keepalive{20'000};
  std::chrono::milliseconds lifetime{90'000};
  std::string metadata_type = "message/x.rsocket.composite-metadata.v0";
  std::string data_type = "application/json";
};
frame make_setup(const setup&);  // version 1.0, without resuming, lease and payload
frame make_keepalive(bool respond, std::string_view data = {});
// A request or payload with metadata and data. Errors: too_large.
result<frame> make_request(std::uint32_t stream, frame_type type, std::string_view metadata,
                           std::string_view data);

// Metadata and data of a request or payload; errors: bad_frame.
struct content {
  std::optional<std::string> metadata;
  std::string data;
};
result<content> content_of(const frame&);

// Code and text of an error frame; errors: bad_frame.
struct failure {
  std::uint32_t code = 0;
  std::string text;
};
result<failure> failure_of(const frame&);

// Takes frames out of a stream of bytes as they come.
class frame_reader {
 public:
  explicit frame_reader(std::size_t longest) : longest_(longest) {}
  void add(std::string_view bytes) { bytes_ += bytes; }
  // The next whole frame; nullopt: more bytes are needed. Errors, after which the stream is of no
  // more use: too_large, bad_frame.
  result<std::optional<frame>> next();

 private:
  const std::size_t longest_;
  std::string bytes_;
};

}  // namespace kp::rsocket
