#include "config/byte_io.hpp"
#include "protocol/zip/zip.hpp"
#include "tests/tools/system/town.hpp"

#include <algorithm>
#include <iostream>

namespace kp::test {

namespace {

constexpr std::size_t max_log_shown = 8'000;
constexpr std::size_t max_entry = 256u << 20;

}  // namespace

void in_town::SetUp() {
  here = town::shared();
  if (!here) FAIL() << "the program knutepunkt has not been built";
  ASSERT_EQ(here->problem(), "");
  log_from_ = here->hub().log().size();
  if (!here->hub().running()) {
    ASSERT_TRUE(here->start_hub()) << here->hub().log(log_from_);
  }
}

void in_town::TearDown() {
  if (!here || !here->problem().empty()) return;
  here->control("DELETE", "/control/faults");
  if (!HasFailure()) return;
  auto log = here->hub().log(log_from_);
  if (log.size() > max_log_shown) log.erase(0, log.size() - max_log_shown);
  std::cerr << "The hub's log at the end:\n" << log << '\n';
}

void in_town::begin_short_tokens() {
  here->hub().kill();
  here->control("POST", "/control/maskinporten", {{"tokenLifetimeSeconds", 1}});
  ASSERT_TRUE(here->start_hub()) << here->hub().log(log_from_);
}

void in_town::end_short_tokens() {
  here->control("POST", "/control/maskinporten", {{"tokenLifetimeSeconds", 120}});
}

bool in_town::until_fault_struck() {
  return until([&] {
    const auto faults = here->control("GET", "/control/faults");
    return faults.as_array().back().at("fired").to_number<int>() > 0;
  });
}

std::string in_town::create(const std::string& who, const json::object& document) {
  const auto made = here->create(who, document);
  EXPECT_EQ(made.status, 200u) << made.body;
  return id_of(made.json());
}

std::string in_town::prepare_letter(const std::string& who, const std::string& receiver,
                                    const std::string& attachment) {
  const auto id = create(who, arkivmelding_to(receiver));
  if (id.empty()) return {};
  const auto xml = here->upload(who, id, "arkivmelding.xml", "application/xml", arkivmelding_xml());
  EXPECT_EQ(xml.status, 200u) << xml.body;
  const auto file = here->upload(who, id, "brev.pdf", "application/pdf", attachment);
  EXPECT_EQ(file.status, 200u) << file.body;
  return id;
}

std::string in_town::send_letter(const std::string& who, const std::string& receiver,
                                 const std::string& attachment) {
  const auto id = prepare_letter(who, receiver, attachment);
  const auto sent = here->send(who, id);
  EXPECT_EQ(sent.status, 200u) << sent.body;
  return id;
}

std::string in_town::send_receipt(const std::string& who, const std::string& to,
                                  const std::string& message) {
  const auto id = create(who, new_document(to, answers, "arkivmelding_kvittering",
                                           {{"receiptType", "OK"},
                                            {"relatedToMessageId", message},
                                            {"messages", json::array()}}));
  const auto sent = here->send(who, id);
  EXPECT_EQ(sent.status, 200u) << sent.body;
  return id;
}

std::vector<std::string> in_town::statuses(const std::string& who, const std::string& id) {
  std::map<std::int64_t, std::string> by_row;
  const auto answer = here->api(who, "GET", "/api/statuses/" + id + "?size=50");
  const auto value = answer.json();
  boost::system::error_code missing;
  if (const auto* content = value.find_pointer("/content", missing))
    for (const auto& each : content->as_array())
      by_row[each.at("id").to_number<std::int64_t>()] = each.at("status").as_string();
  std::vector<std::string> names;
  for (const auto& [row, name] : by_row) names.push_back(name);
  return names;
}

bool in_town::until_status(const std::string& who, const std::string& id, const std::string& status,
                           std::chrono::seconds longest) {
  const bool came = until(
      [&] {
        const auto now = statuses(who, id);
        return std::ranges::find(now, status) != now.end();
      },
      longest);
  EXPECT_TRUE(came) << status << " did not come for " << id << ", only "
                    << testing::PrintToString(statuses(who, id));
  return came;
}

std::int64_t in_town::count_in_inbox(const std::string& who, const std::string& id) {
  const auto answer = here->api(who, "GET", "/api/messages/in?messageId=" + id);
  const auto value = answer.json();
  boost::system::error_code missing;
  const auto* total = value.find_pointer("/totalElements", missing);
  return total ? total->to_number<std::int64_t>() : -1;
}

bool in_town::until_arrived(const std::string& who, const std::string& id,
                            std::chrono::seconds longest) {
  const bool came = until([&] { return count_in_inbox(who, id) > 0; }, longest);
  EXPECT_TRUE(came) << id << " did not arrive";
  return came;
}

bool in_town::lock(const std::string& who, const std::string& id) {
  const auto peeked = here->api(who, "GET", "/api/messages/in/peek?messageId=" + id);
  return peeked.status == 200 && id_of(peeked.json()) == id;
}

std::map<std::string, std::string> in_town::take(const std::string& who, const std::string& id) {
  std::map<std::string, std::string> files;
  EXPECT_TRUE(lock(who, id));
  const auto popped = here->api(who, "GET", "/api/messages/in/pop/" + id);
  EXPECT_EQ(popped.status, 200u) << popped.body;
  const auto container = zip::reader::open(std::make_shared<string_random_access>(popped.body));
  if (!container) {
    ADD_FAILURE() << container.error().message;
    return files;
  }
  for (std::size_t i = 0; i < (*container)->items().size(); ++i) {
    const auto entry = (*container)->read(i);
    const auto bytes = entry ? read_all(**entry, max_entry) : result<std::string>(entry.error());
    EXPECT_TRUE(bytes);
    if (bytes) files[(*container)->items()[i].name] = *bytes;
  }
  EXPECT_EQ(here->api(who, "DELETE", "/api/messages/in/" + id).status, 200u);
  return files;
}

json::array in_town::transfers_of(const std::string& organisation) {
  json::array sent;
  const auto all = here->control("GET", "/control/transfers?organisation=" + organisation);
  for (const auto& each : all.as_array())
    if (each.at("sender").as_string() == "0192:" + organisation) sent.push_back(each);
  return sent;
}

std::string in_town::received_at_broker(const std::string& transfer) {
  const auto all = here->control("GET", "/control/transfers");
  for (const auto& each : all.as_array())
    if (each.at("fileTransferId").as_string() == transfer)
      return std::string(
          each.at("recipients").at(0).at("currentRecipientFileTransferStatusCode").as_string());
  return "unknown";
}

std::string in_town::inject(json::object transfer) {
  const auto made = here->control("POST", "/control/transfers", std::move(transfer));
  return made.is_object() ? std::string(made.at("fileTransferId").as_string()) : std::string();
}

void in_town::pass_a_round(const std::string& recipient, const std::string& who) {
  const auto document = travelling_document(bergvik, recipient);
  const json::object entry{{"name", "sbd.json"}, {"json", document}};
  const auto transfer = inject({{"sender", "0192:" + bergvik},
                                {"recipient", "0192:" + recipient},
                                {"entries", json::array{entry}}});
  until_arrived(who, id_of(document));
  EXPECT_TRUE(until([&] { return received_at_broker(transfer) == "DownloadConfirmed"; }));
}

}  // namespace kp::test
