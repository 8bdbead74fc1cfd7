#pragma once

#include "config/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kp::api {

// The Content-Disposition of an upload, by upstream's own rules (rest-api.md 6.3).
struct content_disposition {
  std::optional<std::string> name;
  std::optional<std::string> filename;
};
// Error: config_errc::invalid_value with upstream's text.
result<content_disposition> parse_content_disposition(std::string_view header);

// The MIME type to store: the header verbatim, or by extension when it is blank or
// application/octet-stream.
std::string upload_mime_type(std::string_view content_type, std::string_view filename);

// multipart/form-data, fed piece by piece (RFC 7578). Bounds: 50 parts, 512 bytes of headers a part
// beyond which the request is refused.
class multipart_parser {
 public:
  struct part {
    std::string name;
    std::optional<std::string> filename;
    std::optional<std::string> content_type;
  };
  class events {
   public:
    virtual ~events() = default;
    virtual result<void> begin(const part&) = 0;
    virtual result<void> data(std::string_view bytes) = 0;
    virtual result<void> end() = 0;
  };
  static constexpr std::size_t max_parts = 50;
  static constexpr std::size_t max_part_header = 512;   // bytes

  // The boundary of a Content-Type header; nullopt when it is not multipart/form-data or has none.
  static std::optional<std::string> boundary_of(std::string_view content_type);

  multipart_parser(std::string boundary, events& to);
  // Holds back no more than a delimiter or one part's headers. Errors: config_errc::invalid_document
  // (what is wrong), or what an event handler returned; after one, every call gives it again.
  result<void> feed(std::string_view bytes);
  result<void> finish();                         // the closing boundary must have come

 private:
  enum class phase { preamble, after_boundary, headers, data, epilogue };
  result<void> step(bool& progressed);
  result<void> step_to_delimiter(bool& progressed);
  result<void> step_after_boundary(bool& progressed);
  result<void> step_headers(bool& progressed);
  result<void> parse_headers(std::string_view block);

  std::string delimiter_;
  events& to_;
  phase phase_ = phase::preamble;
  std::string buffer_;
  std::size_t parts_ = 0;
  std::optional<error> failed_;
};

}  // namespace kp::api
