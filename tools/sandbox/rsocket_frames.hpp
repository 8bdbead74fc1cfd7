#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// RSocket 1.0 frames over TCP as a responder sees them (status-service.md 5.2). Written for the
// sandbox alone.

namespace kp::sandbox {

inline constexpr std::size_t max_rsocket_frame = 1024 * 1024;

namespace rsocket_type {
inline constexpr unsigned setup = 0x01, lease = 0x02, keepalive = 0x03, request_response = 0x04,
                          request_fnf = 0x05, cancel = 0x09, payload = 0x0a, error = 0x0b,
                          metadata_push = 0x0c, ext = 0x3f;
}
namespace rsocket_flag {
inline constexpr unsigned ignore = 0x200, metadata = 0x100, resume = 0x080, follows = 0x080,
                          respond = 0x080, lease = 0x040, complete = 0x040;
}
namespace rsocket_code {
inline constexpr std::uint32_t invalid_setup = 0x001, unsupported_setup = 0x002,
                               rejected_setup = 0x003, connection_error = 0x101,
                               application_error = 0x201, rejected = 0x202;
}

struct rsocket_frame {
  std::uint32_t stream = 0;
  unsigned type = 0;
  unsigned flags = 0;
  std::string body;
};

// One frame at the front of `bytes`, which loses it; nullopt when it is not whole yet. `broken` is
// set when it can never be one.
std::optional<rsocket_frame> take_frame(std::string& bytes, bool& broken);
std::string write_frame(std::uint32_t stream, unsigned type, unsigned flags, std::string_view body);
std::string error_frame(std::uint32_t stream, std::uint32_t code, std::string_view text);

struct rsocket_setup {
  unsigned major = 0;
  std::uint32_t keepalive_ms = 0, lifetime_ms = 0;
  bool resumes = false, leases = false;
  std::string metadata_type, data_type;
};
std::optional<rsocket_setup> read_setup(const rsocket_frame&);

// What a request carries, put together of its fragments. Metadata comes before data.
class rsocket_request {
 public:
  explicit rsocket_request(unsigned type) : type_(type) {}
  // False when the frame is no such part.
  bool add(const rsocket_frame&);
  bool whole() const { return whole_; }
  bool wants_answer() const { return type_ == rsocket_type::request_response; }
  const std::string& metadata() const { return metadata_; }
  const std::string& data() const { return data_; }

 private:
  unsigned type_;
  bool whole_ = false;
  std::string metadata_, data_;
};

// Composite metadata: the first route and the bearer token, whichever way their types are written,
// in any order, among any other entries. nullopt when it is not composite metadata.
struct rsocket_metadata {
  std::optional<std::string> route, bearer;
};
std::optional<rsocket_metadata> read_metadata(std::string_view bytes);

}  // namespace kp::sandbox
