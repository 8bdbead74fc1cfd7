#include "tools/sandbox/rsocket_frames.hpp"

namespace kp::sandbox {

namespace {

constexpr std::size_t before_frame = 3, frame_head = 6;

// Reads big-endian numbers and texts from the front; failed() once something was not there.
class cursor {
 public:
  explicit cursor(std::string_view bytes) : left_(bytes) {}
  std::uint64_t number(std::size_t bytes) {
    const auto part = text(bytes);
    std::uint64_t value = 0;
    for (const char c : part) value = (value << 8) + static_cast<std::uint8_t>(c);
    return value;
  }
  std::string_view text(std::size_t bytes) {
    if (left_.size() < bytes) {
      failed_ = true;
      return {};
    }
    const auto part = left_.substr(0, bytes);
    left_ = left_.substr(bytes);
    return part;
  }
  std::string_view rest() const { return left_; }
  bool failed() const { return failed_; }
  bool done() const { return left_.empty(); }

 private:
  std::string_view left_;
  bool failed_ = false;
};

void append_number(std::string& to, std::uint64_t value, unsigned bytes) {
  while (bytes-- > 0) to += static_cast<char>((value >> (bytes * 8)) & 0xffU);
}

constexpr std::string_view routing_type = "message/x.rsocket.routing.v0";
constexpr std::string_view authentication_type = "message/x.rsocket.authentication.v0";
constexpr unsigned routing_id = 0x7e, authentication_id = 0x7c, bearer_id = 0x01, known = 0x80;

std::string_view type_of(unsigned id) {
  return id == routing_id ? routing_type : id == authentication_id ? authentication_type : "";
}

std::optional<std::string> bearer_in(std::string_view payload) {
  cursor in(payload);
  const auto first = static_cast<unsigned>(in.number(1));
  if (first & known)
    return (first & 0x7fU) == bearer_id ? std::optional(std::string(in.rest())) : std::nullopt;
  const auto name = in.text(first + 1);
  return name == "bearer" ? std::optional(std::string(in.rest())) : std::nullopt;
}

}  // namespace

std::optional<rsocket_frame> take_frame(std::string& bytes, bool& broken) {
  cursor in(bytes);
  const auto size = static_cast<std::size_t>(in.number(before_frame));
  if (in.failed()) return {};
  if (size < frame_head || size > max_rsocket_frame) {
    broken = true;
    return {};
  }
  if (bytes.size() < before_frame + size) return {};
  rsocket_frame out;
  out.stream = static_cast<std::uint32_t>(in.number(4));
  const auto head = static_cast<unsigned>(in.number(2));
  out.type = head >> 10;
  out.flags = head & 0x3ffU;
  out.body = std::string(in.text(size - frame_head));
  bytes.erase(0, before_frame + size);
  return out;
}

std::string write_frame(std::uint32_t stream, unsigned type, unsigned flags,
                        std::string_view body) {
  std::string out;
  append_number(out, frame_head + body.size(), before_frame);
  append_number(out, stream, 4);
  append_number(out, (type << 10) + flags, 2);
  out += body;
  return out;
}

std::string error_frame(std::uint32_t stream, std::uint32_t code, std::string_view text) {
  std::string body;
  append_number(body, code, 4);
  body += text;
  return write_frame(stream, rsocket_type::error, 0, body);
}

std::optional<rsocket_setup> read_setup(const rsocket_frame& frame) {
  if (frame.type != rsocket_type::setup || frame.stream != 0) return {};
  cursor in(frame.body);
  rsocket_setup out;
  out.major = static_cast<unsigned>(in.number(2));
  in.number(2);
  out.keepalive_ms = static_cast<std::uint32_t>(in.number(4));
  out.lifetime_ms = static_cast<std::uint32_t>(in.number(4));
  out.resumes = (frame.flags & rsocket_flag::resume) != 0;
  out.leases = (frame.flags & rsocket_flag::lease) != 0;
  if (out.resumes) in.text(in.number(2));
  out.metadata_type = std::string(in.text(in.number(1)));
  out.data_type = std::string(in.text(in.number(1)));
  if (in.failed() || out.keepalive_ms == 0 || out.lifetime_ms == 0) return {};
  return out;
}

bool rsocket_request::add(const rsocket_frame& frame) {
  cursor in(frame.body);
  if (frame.flags & rsocket_flag::metadata) {
    if (!data_.empty()) return false;
    metadata_ += in.text(in.number(3));
  }
  if (in.failed()) return false;
  data_ += in.rest();
  whole_ = (frame.flags & rsocket_flag::follows) == 0;
  return metadata_.size() + data_.size() <= max_rsocket_frame;
}

std::optional<rsocket_metadata> read_metadata(std::string_view bytes) {
  rsocket_metadata out;
  cursor in(bytes);
  while (!in.done()) {
    const auto first = static_cast<unsigned>(in.number(1));
    const auto type = first & known ? type_of(first & 0x7fU) : in.text(first + 1);
    const auto payload = in.text(in.number(3));
    if (in.failed()) return {};
    if (type == routing_type && !out.route) {
      cursor tags(payload);
      out.route = std::string(tags.text(tags.number(1)));
      if (tags.failed()) return {};
    } else if (type == authentication_type && !out.bearer) {
      out.bearer = bearer_in(payload);
    }
  }
  return out;
}

}  // namespace kp::sandbox
