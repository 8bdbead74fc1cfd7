#pragma once

#include "protocol/dpi/document.hpp"

#include <string>
#include <vector>

// manifest.xml of a document package, in SDP's namespace (dpi.md 6.2).

namespace kp::dpi {

// A file as it was uploaded.
struct file_facts {
  std::string name;
  std::string mime_type;
  std::string title;  // "" when it was uploaded without one
};

struct packed_document {
  file_facts file;
  std::optional<file_facts> data;  // its metadata document
};

// Which file is what in the package: the main document first, each with its metadata document.
// Metadata documents are no attachments. Errors: dpi_errc::bad_file for a main or metadata document
// that is missing, a name shorter than 4 or longer than 100 characters or there twice, more than
// 200 attachments.
result<std::vector<packed_document>> arrange(const sbd::document&,
                                             const std::vector<file_facts>& files);

// The names of the files in the order in which they are packed, metadata documents once.
std::vector<std::string> packing_order(const std::vector<packed_document>&);

// `language` is of the titles. `to` has a mailbox, unless the shipment is printed.
std::string manifest_xml(const sbd::document&, const origin&, const target& to,
                         const std::vector<packed_document>&, const std::string& language);

}  // namespace kp::dpi
