#include "protocol/sbd/named_files.hpp"

#include "protocol/sbd/sbd_error.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

namespace kp::sbd {

namespace {

constexpr std::string_view header_member = "standardBusinessDocumentHeader";

named_files files_named_in(const boost::json::object& business_message) {
  named_files files;
  if (const auto* main = business_message.if_contains("hoveddokument"); main && main->is_string())
    files.main_document = std::string(main->get_string());
  const auto* listed = business_message.if_contains("metadataFiler");
  if (!listed || !listed->is_object()) return files;
  for (const auto& [name, value] : listed->get_object())
    files.metadata.emplace_back(name, value.is_string() ? std::string(value.get_string()) : "");
  return files;
}

}  // namespace

bool named_files::is_main_document(std::string_view filename) const {
  return main_document && *main_document == filename;
}

bool named_files::has_metadata(std::string_view filename) const {
  return std::ranges::any_of(metadata, [&](const auto& each) { return each.first == filename; });
}

bool named_files::is_metadata_of_another(std::string_view filename) const {
  return std::ranges::any_of(metadata, [&](const auto& each) { return each.second == filename; });
}

named_files files_named_in(const document& document) {
  return files_named_in(document.business_message);
}

result<named_files> read_named_files(std::string_view json) {
  std::array<unsigned char, 8192> small;
  boost::json::monotonic_resource memory(small.data(), small.size());
  boost::system::error_code failed;
  const auto root = boost::json::parse(json, failed, &memory);
  if (failed || !root.is_object())
    return permanent(sbd_errc::malformed_json, "a stored document is no JSON object");
  for (const auto& [name, value] : root.get_object())
    if (name != header_member && value.is_object()) return files_named_in(value.get_object());
  return named_files{};
}

}  // namespace kp::sbd
