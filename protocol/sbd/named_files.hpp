#pragma once

#include "protocol/sbd/document.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kp::sbd {

// What a document says of the files that belong to it (messages.md 5).
struct named_files {
  std::optional<std::string> main_document;  // hoveddokument
  std::vector<std::pair<std::string, std::string>>
      metadata;  // metadataFiler: a file, and its metadata's ("" when that is no text)

  bool is_main_document(std::string_view filename) const;
  bool has_metadata(std::string_view filename) const;
  bool is_metadata_of_another(std::string_view filename) const;
};

named_files files_named_in(const document&);

// From the text of a document that the hub wrote itself: reads nothing else of it, and costs a
// fraction of parse. Errors: sbd_errc.
result<named_files> read_named_files(std::string_view json);

}  // namespace kp::sbd
