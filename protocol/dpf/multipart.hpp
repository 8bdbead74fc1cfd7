#pragma once

#include "config/byte_io.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// MIME multipart (RFC 2046 5.1) as SvarUt's two forms carry it: multipart/form-data (RFC 7578) and
// multipart/related with XOP (W3C xop10). Written part by part to a sink. For this folder alone.

namespace kp::dpf {

class multipart_writer {
 public:
  // `boundary` must not occur in any part: make it of random text.
  multipart_writer(byte_sink& to, std::string boundary);
  // Begins a part with these header lines, without line ends.
  result<void> part(const std::vector<std::string>& headers);
  result<void> write(std::string_view bytes) { return to_.write(bytes); }
  result<void> finish();

 private:
  byte_sink& to_;
  std::string boundary_;
  bool begun_ = false;
};

// "test.txt" as the value of a parameter between quotes, as browsers write it: quotes and line ends
// percent-encoded, the rest UTF-8 (RFC 7578 4.2 and 5.1).
std::string quoted(std::string_view filename);

// The first part of a multipart body, which is the root where nothing else is said; the body itself
// when `content_type` is not multipart. nullopt when it breaks the form.
std::optional<std::string> first_part(std::string_view content_type, std::string_view body);

}  // namespace kp::dpf
