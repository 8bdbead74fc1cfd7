#include "tools/crash/transfers.hpp"

#include "config/byte_io.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/tools/system/documents.hpp"

#include <boost/json/parse.hpp>

namespace kp::crash {

namespace json = boost::json;

namespace {

constexpr std::size_t max_document = 4u << 20;

struct carried {
  std::string message;  // empty when it is no letter
  std::string problem;
};

carried letter_in(const std::string& package, const std::string& sender, std::size_t organisation) {
  const auto zip = zip::reader::open(std::make_shared<string_random_access>(package));
  if (!zip) return {{}, "a transfer of " + sender + " is no package: " + zip.error().message};
  for (std::size_t i = 0; i < (*zip)->items().size(); ++i) {
    if ((*zip)->items()[i].name != "sbd.json") continue;
    const auto entry = (*zip)->read(i);
    if (!entry) return {{}, entry.error().message};
    const auto text = read_all(**entry, max_document);
    if (!text) return {{}, text.error().message};
    if (const auto mark = foreign_mark(*text, organisation))
      return {{}, "a transfer of " + sender + " carries the mark " + *mark};
    boost::system::error_code failed;
    const auto document = json::parse(*text, failed);
    const auto* type = document.find_pointer(
        "/standardBusinessDocumentHeader/documentIdentification/type", failed);
    if (!type || *type != "arkivmelding") return {};
    return {test::id_of(document), {}};
  }
  return {{}, "a transfer of " + sender + " has no sbd.json"};
}

}  // namespace

std::map<std::string, std::size_t> transfers_by_message(place& where, findings& found) {
  // What has been read once does not change.
  static std::map<std::string, std::string> known;
  std::map<std::string, std::size_t> counts;
  const auto all = where.control("GET", "/control/transfers");
  if (!all.is_array()) return counts;
  for (const auto& each : all.get_array()) {
    const std::string id(each.at("fileTransferId").as_string());
    const std::string sender(each.at("sender").as_string());
    auto at = known.find(id);
    if (at == known.end()) {
      const auto content = where.transfer_content(id);
      if (content.status != 200) continue;  // only initialized
      std::size_t organisation = 0;
      while (organisation < organisations.size() &&
             sender != std::string("0192:") + organisations[organisation].number)
        ++organisation;
      const auto what = letter_in(content.body, sender, organisation);
      if (!what.problem.empty())
        found.add("transfer " + id, "a package of its sender", what.problem);
      at = known.emplace(id, what.message).first;
    }
    if (!at->second.empty()) ++counts[at->second];
  }
  return counts;
}

}  // namespace kp::crash
