#include "actors/report_port.hpp"

#include "actors/upstream.hpp"
#include "protocol/status_service/document.hpp"
#include "protocol/status_service/reporter.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace kp::actors {

namespace {

using status_service::outcome;
using status_service::verdict;

status_service::document document_of(organisation_id organisation,
                                     const storage::status_report& report) {
  status_service::document told;
  told.status = to_string(report.name);
  told.message = report.message;
  told.conversation = report.conversation;
  told.organisation = organisation;
  told.via = report.via;
  told.process = report.process;
  told.document_type = report.document_type;
  told.sender = report.sender;
  told.receiver = report.receiver;
  told.at = report.at;
  return told;
}

// What one report needs, alive until it has ended.
struct errand {
  std::shared_ptr<status_service::wire> to;
  std::shared_ptr<upstream> clients;
  std::vector<std::string> scopes;
  std::string document;
};

http::awaitable<outcome> deliver(const errand& what) {
  const auto open = co_await what.clients->ready();
  // A key store that does not open is for somebody to cure, whatever is wrong with it.
  if (!open) co_return outcome{verdict::misconfigured, open.error().message, {}};
  auto scopes = what.scopes.empty() ? what.clients->own_scopes() : what.scopes;
  co_return co_await status_service::report(*what.to, what.clients->own_tokens(), std::move(scopes),
                                            what.document);
}

http::awaitable<void> deliver_and_tell(std::shared_ptr<errand> what,
                                       std::function<void(outcome)> done) {
  outcome made;
  try {
    made = co_await deliver(*what);
  } catch (const std::exception& e) {
    made.why = std::string("unexpected: ") + e.what();
  }
  done(std::move(made));
}

class network_port final : public report_port {
 public:
  network_port(http::asio::io_context& network, std::unique_ptr<status_service::wire> to,
               std::vector<std::string> scopes)
      : network_(network), to_(std::move(to)), scopes_(std::move(scopes)) {}

  void report(std::shared_ptr<upstream> clients, organisation_id organisation,
              storage::status_report told, std::function<void(outcome)> done) override {
    auto what = std::make_shared<errand>();
    what->to = to_;
    what->clients = std::move(clients);
    what->scopes = scopes_;
    what->document = status_service::to_json(document_of(organisation, told));
    http::asio::co_spawn(network_, deliver_and_tell(std::move(what), std::move(done)),
                         http::asio::detached);
  }

 private:
  http::asio::io_context& network_;
  const std::shared_ptr<status_service::wire> to_;
  const std::vector<std::string> scopes_;
};

}  // namespace

std::shared_ptr<report_port> make_report_port(http::asio::io_context& network,
                                              std::unique_ptr<status_service::wire> to,
                                              std::vector<std::string> scopes) {
  return std::make_shared<network_port>(network, std::move(to), std::move(scopes));
}

}  // namespace kp::actors
