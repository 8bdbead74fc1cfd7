#include "tools/sandbox/amqp_listener.hpp"

#include "tools/sandbox/amqp_words.hpp"
#include "tools/sandbox/sandbox_error.hpp"

#include <fmt/format.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/listener.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/ssl.h>
#include <proton/transport.h>

#include <future>
#include <map>
#include <set>
#include <thread>

namespace kp::sandbox {

namespace {

constexpr std::string_view claims_node = "$cbs";
constexpr std::string_view management = "/$management";
constexpr pn_millis_t look_every = 50;  // whether something has come for a link that waits
constexpr pn_millis_t idle_timeout = 240'000;
constexpr int credit = 100;
constexpr std::size_t room_for_head = 64 * 1024;

std::string text(const char* from) {
  return from ? from : "";
}

// One connection: what it has claimed, and what is on its way to us.
struct peer {
  std::set<std::string> claimed;  // nodes, in lower case
  std::map<pn_delivery_t*, std::string> coming;
};

class listener final : public amqp_listener {
 public:
  listener(amqp_broker& broker, std::function<void(std::function<void()>)> on_services)
      : broker_(broker), on_services_(std::move(on_services)), proactor_(pn_proactor()) {}
  ~listener() override {
    stop();
    if (domain_) pn_ssl_domain_free(domain_);
  }

  result<void> begin(const options& wanted) {
    if (!wanted.certificate_file.empty()) {
      domain_ = pn_ssl_domain(PN_SSL_MODE_SERVER);
      if (!domain_ || pn_ssl_domain_set_credentials(domain_, wanted.certificate_file.c_str(),
                                                    wanted.key_file.c_str(), nullptr) != 0)
        return permanent(sandbox_errc::crypto, "the certificate of AMQP cannot be used");
    }
    const auto place = fmt::format("{}:{}", wanted.address, wanted.port);
    pn_proactor_listen(proactor_, pn_listener(), place.c_str(), 64);
    auto opened = opened_.get_future();
    thread_ = std::thread([this] { run(); });
    const auto failure = opened.get();
    if (!failure.empty())
      return permanent(sandbox_errc::listen,
                       fmt::format("cannot listen for AMQP on {}: {}", place, failure));
    return {};
  }

  std::uint16_t port() const override { return port_; }
  void stop() override {
    if (!thread_.joinable()) return;
    pn_proactor_interrupt(proactor_);
    thread_.join();
    pn_proactor_free(proactor_);
  }

 private:
  // What the broker says, asked on its own thread. Nothing there waits for this one.
  template <class F>
  auto ask(F question) -> decltype(question()) {
    auto task = std::make_shared<std::packaged_task<decltype(question())()>>(std::move(question));
    auto answer = task->get_future();
    on_services_([task] { (*task)(); });
    return answer.get();
  }

  void run() {
    pn_proactor_set_timeout(proactor_, look_every);
    for (bool over = false; !over;) {
      auto* const batch = pn_proactor_wait(proactor_);
      while (auto* const event = pn_event_batch_next(batch))
        if (pn_event_type(event) == PN_PROACTOR_INTERRUPT)
          over = true;
        else
          happened(event);
      pn_proactor_done(proactor_, batch);
    }
  }

  void happened(pn_event_t* event) {
    switch (pn_event_type(event)) {
      case PN_LISTENER_OPEN: {
        char port[16] = "";
        pn_netaddr_host_port(pn_listener_addr(pn_event_listener(event)), nullptr, 0, port,
                             sizeof port);
        port_ = static_cast<std::uint16_t>(std::atoi(port));
        opened_.set_value("");
        return;
      }
      case PN_LISTENER_CLOSE:
        if (port_ == 0)
          opened_.set_value(
              text(pn_condition_get_description(pn_listener_condition(pn_event_listener(event)))) +
              " ");
        return;
      case PN_LISTENER_ACCEPT:
        return accept(pn_event_listener(event));
      case PN_PROACTOR_TIMEOUT:
        for (const auto& [connection, its] : peers_) pn_connection_wake(connection);
        pn_proactor_set_timeout(proactor_, look_every);
        return;
      case PN_CONNECTION_WAKE:
        return serve_all(pn_event_connection(event));
      case PN_CONNECTION_REMOTE_OPEN:
        pn_connection_set_container(pn_event_connection(event), "sandbox");
        pn_connection_open(pn_event_connection(event));
        return;
      case PN_SESSION_REMOTE_OPEN:
        pn_session_set_incoming_capacity(pn_event_session(event), 1024 * 1024);
        pn_session_open(pn_event_session(event));
        return;
      case PN_LINK_REMOTE_OPEN:
        return attach(pn_event_link(event));
      case PN_LINK_FLOW:
        return serve(pn_event_link(event));
      case PN_DELIVERY:
        return delivered(pn_event_delivery(event));
      case PN_LINK_REMOTE_CLOSE:
      case PN_LINK_REMOTE_DETACH:
        pn_link_close(pn_event_link(event));
        return;
      case PN_SESSION_REMOTE_CLOSE:
        pn_session_close(pn_event_session(event));
        pn_session_free(pn_event_session(event));
        return;
      case PN_CONNECTION_REMOTE_CLOSE:
        pn_connection_close(pn_event_connection(event));
        return;
      case PN_TRANSPORT_CLOSED:
        peers_.erase(pn_event_connection(event));
        return;
      default:
        return;
    }
  }

  void accept(pn_listener_t* from) {
    auto* const connection = pn_connection();
    auto* const transport = pn_transport();
    pn_transport_set_server(transport);
    pn_transport_set_max_frame(transport, 64 * 1024);
    pn_transport_set_idle_timeout(transport, idle_timeout);
    if (domain_) pn_ssl_init(pn_ssl(transport), domain_, nullptr);
    pn_sasl_allowed_mechs(pn_sasl(transport), "ANONYMOUS");
    pn_transport_require_auth(transport, true);
    peers_[connection];
    pn_listener_accept2(from, connection, transport);
  }

  static void cut(pn_connection_t* connection) {
    auto* const transport = pn_connection_transport(connection);
    if (!transport) return;
    pn_transport_close_tail(transport);
    pn_transport_close_head(transport);
  }
  // Whether the connection is to end now.
  static bool cuts(const amqp_verdict& verdict, pn_link_t* link, amqp_verdict::cut when) {
    if (verdict.connection != when) return false;
    cut(pn_session_connection(pn_link_session(link)));
    return true;
  }

  static void refuse(pn_link_t* link, const amqp_verdict& why) {
    pn_condition_set_name(pn_link_condition(link), why.condition.c_str());
    pn_condition_set_description(pn_link_condition(link), why.description.c_str());
    pn_link_close(link);
  }

  static std::string node_of(pn_link_t* link) {
    return text(pn_terminus_get_address(pn_link_is_receiver(link) ? pn_link_remote_target(link)
                                                                  : pn_link_remote_source(link)));
  }

  void attach(pn_link_t* link) {
    const auto node = node_of(link);
    auto& its = peers_[pn_session_connection(pn_link_session(link))];
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_snd_settle_mode(link, pn_link_remote_snd_settle_mode(link));
    pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
    if (node != claims_node) {
      const auto queue = queue_of(node);
      amqp_verdict why;
      if (!is_claimed(its.claimed, node))
        why = {"amqp:unauthorized-access",
               fmt::format("Unauthorized access. 'Listen' claim(s) are required for '{}'", node)};
      else
        why = ask([&] { return broker_.may_attach(queue); });
      if (cuts(why, link, amqp_verdict::cut::before)) return;
      if (pn_link_is_receiver(link))
        pn_link_set_max_message_size(link,
                                     ask([&] { return broker_.max_bytes(); }) + room_for_head);
      pn_link_open(link);
      if (why.refused()) return refuse(link, why);
    } else {
      pn_link_open(link);
    }
    if (pn_link_is_receiver(link)) pn_link_flow(link, credit);
  }

  // ---- to the other side

  void serve_all(pn_connection_t* connection) {
    for (auto* link = pn_link_head(connection, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE); link;) {
      auto* const next = pn_link_next(link, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE);
      serve(link);
      link = next;
    }
  }

  void serve(pn_link_t* link) {
    if (!pn_link_is_sender(link) || !(pn_link_state(link) & PN_LOCAL_ACTIVE)) return;
    const auto node = node_of(link);
    if (node == claims_node || node.ends_with(management)) return;
    while (pn_link_credit(link) > 0) {
      auto got = ask([&] { return broker_.receive(node); });
      if (cuts(got.verdict, link, amqp_verdict::cut::before) ||
          cuts(got.verdict, link, amqp_verdict::cut::after))
        return;
      if (got.verdict.refused()) return refuse(link, got.verdict);
      if (!got.message) break;
      const auto tag = guid_bytes(got.message->lock);
      pn_delivery(link, pn_dtag(tag.data(), tag.size()));
      const auto bytes = write_message(*got.message);
      pn_link_send(link, bytes.data(), bytes.size());
      pn_link_advance(link);
    }
    if (pn_link_get_drain(link)) pn_link_drained(link);
  }

  // ---- from the other side

  void delivered(pn_delivery_t* which) {
    auto* const link = pn_delivery_link(which);
    if (pn_link_is_sender(link)) return judged(which, link);
    auto& its = peers_[pn_session_connection(pn_link_session(link))];
    auto& bytes = its.coming[which];
    if (const auto pending = pn_delivery_pending(which); pending > 0) {
      const auto before = bytes.size();
      bytes.resize(before + pending);
      pn_link_recv(link, bytes.data() + before, pending);
    }
    if (pn_delivery_partial(which) || pn_delivery_aborted(which)) return;
    const auto whole = std::move(bytes);
    its.coming.erase(which);
    pn_link_advance(link);
    pn_link_flow(link, 1);
    take(link, which, whole);
  }

  void take(pn_link_t* link, pn_delivery_t* which, const std::string& bytes) {
    const auto node = node_of(link);
    const auto said = read_message(bytes);
    amqp_verdict verdict;
    if (!said)
      verdict = {"amqp:decode-error", "this is no message"};
    else if (node == claims_node || node.ends_with(management))
      return answer(link, which, node, *said);
    else
      verdict = ask([&] { return broker_.send(node, said->body, said->content_type); });
    if (cuts(verdict, link, amqp_verdict::cut::before) ||
        cuts(verdict, link, amqp_verdict::cut::after))
      return;
    settle(which, verdict, PN_ACCEPTED);
  }

  static void settle(pn_delivery_t* which, const amqp_verdict& verdict, std::uint64_t wanted) {
    if (verdict.refused()) {
      auto* const why = pn_disposition_condition(pn_delivery_local(which));
      pn_condition_set_name(why, verdict.condition.c_str());
      pn_condition_set_description(why, verdict.description.c_str());
    }
    pn_delivery_update(which, verdict.refused() ? PN_REJECTED : wanted);
    pn_delivery_settle(which);
  }

  // What became of a message that was sent out.
  void judged(pn_delivery_t* which, pn_link_t* link) {
    const auto state = pn_delivery_remote_state(which);
    const bool gone = pn_delivery_settled(which);
    if (!pn_delivery_updated(which) || (state == 0 && !gone)) return;
    const auto node = node_of(link);
    if (node == claims_node || node.ends_with(management)) return pn_delivery_settle(which);
    const auto tag = pn_delivery_tag(which);
    const auto lock = guid_text({tag.start, tag.size});
    const auto reason =
        text(pn_condition_get_description(pn_disposition_condition(pn_delivery_remote(which))));
    const auto how = state == PN_ACCEPTED   ? amqp_end::complete
                     : state == PN_REJECTED ? amqp_end::set_aside
                                            : amqp_end::unlock;
    const auto verdict = ask([&] { return broker_.end_lock(node, lock, how, reason); });
    if (cuts(verdict, link, amqp_verdict::cut::before) ||
        cuts(verdict, link, amqp_verdict::cut::after))
      return;
    settle(which, verdict, state);
  }

  // ---- requests

  void answer(pn_link_t* link, pn_delivery_t* which, const std::string& node,
              const amqp_request& said) {
    settle(which, {}, PN_ACCEPTED);
    auto* const connection = pn_session_connection(pn_link_session(link));
    amqp_reply reply;
    reply.id = said.id;
    if (node == claims_node) {
      const auto host = text(pn_connection_remote_hostname(connection));
      const auto done =
          ask([&] { return broker_.put_token(host, said.property("name"), said.text); });
      if (done.cut) return cut(connection);
      reply.status = done.status;
      reply.description = done.description;
      reply.claims = true;
      if (done.status / 100 == 2) peers_[connection].claimed.insert(done.node);
    } else {
      bool over = false;
      manage(queue_of(node), said, reply, over);
      if (over) return cut(connection);
    }
    const auto bytes = write_reply(reply);
    for (auto* each = pn_link_head(connection, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE); each;
         each = pn_link_next(each, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE)) {
      if (!pn_link_is_sender(each) || node_of(each) != node ||
          text(pn_terminus_get_address(pn_link_remote_target(each))) != said.reply_to)
        continue;
      const auto tag = fmt::format("answer-{}", ++answers_);
      pn_delivery(each, pn_dtag(tag.data(), tag.size()));
      pn_link_send(each, bytes.data(), bytes.size());
      pn_link_advance(each);
      return;
    }
  }

  void manage(const std::string& queue, const amqp_request& said, amqp_reply& reply, bool& over) {
    const auto operation = said.property("operation");
    for (const auto& lock : said.lock_tokens) {
      amqp_verdict verdict;
      if (operation == "com.microsoft:renew-lock") {
        std::int64_t until = 0;
        verdict = ask([&] { return broker_.renew(queue, lock, until); });
        reply.expirations_ms.push_back(until);
      } else if (operation == "com.microsoft:update-disposition") {
        const auto wanted = said.argument("disposition-status");
        const auto how = wanted == "completed"   ? amqp_end::complete
                         : wanted == "suspended" ? amqp_end::set_aside
                                                 : amqp_end::unlock;
        const auto reason = said.argument("deadletter-description");
        verdict = ask([&] { return broker_.end_lock(queue, lock, how, reason); });
      } else {
        verdict = {"amqp:not-implemented", operation};
      }
      over = over || verdict.connection != amqp_verdict::cut::no;
      if (!verdict.refused()) continue;
      reply.status = verdict.condition == "com.microsoft:message-lock-lost" ? 410 : 500;
      reply.condition = verdict.condition;
      reply.description = verdict.description;
    }
  }

  static std::string queue_of(const std::string& node) {
    return node.ends_with(management) ? node.substr(0, node.size() - management.size()) : node;
  }

  amqp_broker& broker_;
  std::function<void(std::function<void()>)> on_services_;
  pn_proactor_t* proactor_;
  pn_ssl_domain_t* domain_ = nullptr;
  std::promise<std::string> opened_;
  std::uint16_t port_ = 0;
  std::map<pn_connection_t*, peer> peers_;
  std::uint64_t answers_ = 0;
  std::thread thread_;
};

}  // namespace

result<std::unique_ptr<amqp_listener>> amqp_listener::open(
    const options& wanted, amqp_broker& broker,
    std::function<void(std::function<void()>)> on_services) {
  auto made = std::make_unique<listener>(broker, std::move(on_services));
  KP_CHECK(made->begin(wanted));
  return std::unique_ptr<amqp_listener>(std::move(made));
}

}  // namespace kp::sandbox
