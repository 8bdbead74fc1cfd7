#pragma once

#include "config/byte_io.hpp"
#include "protocol/dpf/received.hpp"

#include <functional>

// The files of a SvarInn download, after its envelope has been opened (dpf.md 9.4).

namespace kp::dpf {

struct received_file {
  std::string filename;  // fit for a container; never a path
  std::string mime_type;
  std::uint64_t size = 0;
  std::string sha256;  // hex, as SvarInn said; "" when it did not
  std::function<result<std::unique_ptr<byte_source>>()> open;
};

struct received_files {
  std::vector<received_file> files;  // in the order of the archive
  std::vector<std::string>
      references;  // the names that the arkivmelding gives, one for each listed file
  std::vector<std::string> warnings;  // sizes that differ from what SvarInn said
};

// Opens the ZIP, or takes content that is none for the one file that is listed. Names that would
// leave the message's storage or collide with what the hub adds are changed. Errors: bad_format,
// too_large, unsupported, as zip::reader has them.
result<received_files> open_contents(const received& from,
                                     std::shared_ptr<const random_access_source> plain);

// Passes bytes on and says at their end whether they had this SHA-256 (hex). "" is not looked at.
std::unique_ptr<byte_source> watch_hash(std::unique_ptr<byte_source> from, std::string sha256,
                                        std::function<void()> differs);

}  // namespace kp::dpf
