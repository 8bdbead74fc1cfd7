#include "actors/dpf_port.hpp"

#include "actors/dpf_credentials.hpp"
#include "actors/dpf_receiving.hpp"
#include "actors/dpf_sending.hpp"
#include "actors/network_call.hpp"

#include <limits>

namespace kp::actors {

namespace {

// SvarUt takes lists of ids; so many keep a question small.
constexpr std::size_t follow_batch = 200;

class dpf_port final : public service_port, public credential_checker {
 public:
  dpf_port(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients)
      : on_(std::make_shared<dpf_clients>(std::move(context), std::move(clients))),
        letters_(std::make_shared<svarinn_letters>()) {}

  service which() const override { return service::dpf; }

  port_rules rules() const override {
    const auto& owner = *on_->in().settings;
    port_rules out;
    out.follows = true;
    out.follow_batch = follow_batch;
    out.pace.shortest = owner.dpf.status_interval;
    out.pace.give_up_after = owner.dpf.follow_for;
    const auto* receiver = owner.receiver(service::dpf);
    out.receives = !owner.dpf.receivers.empty() && receiver && !receiver->external;
    out.poll_interval = owner.dpf.poll_interval;
    out.quiet_poll_interval = owner.dpf.quiet_poll_interval;
    out.tries = owner.dpf.refuse_after > 0 ? owner.dpf.refuse_after
                                           : std::numeric_limits<std::uint32_t>::max();
    return out;
  }

  void send(sending what, done<result<sent_item>> then) override {
    run_on_network(on_->hub(), send_with_svarut(on_, std::move(what)), std::move(then));
  }

  std::string failure_text(const sending& what, const error& why) const override {
    if (!why.retryable) return "Failed to deliver message - check raw receipt";
    return service_port::failure_text(what, why);
  }

  void check_credentials(
      std::function<void(result<std::vector<credential_finding>>)> then) override {
    run_on_network(on_->hub(), check_svarut_accounts(on_), std::move(then));
  }

  void follow(std::vector<storage::tracked> which,
              done<result<std::vector<progress>>> then) override {
    run_on_network(on_->hub(), follow_in_svarut(on_, std::move(which)), std::move(then));
  }

  void list(done<result<std::vector<waiting>>> then) override {
    run_on_network(on_->hub(), list_in_svarinn(on_, letters_), std::move(then));
  }

  void fetch(waiting which, done<std::shared_ptr<fetched>> then) override {
    done<result<std::shared_ptr<fetched>>> judge = [then = std::move(then)](auto what) {
      if (what && *what) return then(*std::move(what));
      auto failed = std::make_shared<fetched>();
      failed->failure =
          what ? transient(http::http_errc::bad_answer, "nothing was fetched") : what.error();
      then(std::move(failed));
    };
    run_on_network(on_->hub(), fetch_from_svarinn(on_, letters_, std::move(which)),
                   std::move(judge));
  }

  void confirm(waiting which, taken how, done<result<void>> then) override {
    run_on_network(on_->hub(), receipt_to_svarinn(on_, letters_, std::move(which), how),
                   std::move(then));
  }

 private:
  std::shared_ptr<dpf_clients> on_;
  std::shared_ptr<svarinn_letters> letters_;
};

}  // namespace

std::shared_ptr<service_port> make_dpf_port(std::shared_ptr<organisation_context> context,
                                            std::shared_ptr<upstream> clients) {
  return std::make_shared<dpf_port>(std::move(context), std::move(clients));
}

}  // namespace kp::actors
