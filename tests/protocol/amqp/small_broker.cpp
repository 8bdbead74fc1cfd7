#include "tests/protocol/amqp/small_broker.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/listener.h>
#include <proton/message.h>
#include <proton/netaddr.h>
#include <proton/proactor.h>
#include <proton/sasl.h>
#include <proton/session.h>
#include <proton/ssl.h>
#include <proton/transport.h>

#include <future>

namespace kp::test {

namespace {

std::string text(const char* from) {
  return from ? from : "";
}
std::string text(pn_bytes_t from) {
  return from.start ? std::string(from.start, from.size) : "";
}

std::string encoded(pn_message_t* message, std::size_t about) {
  std::string out(about + 4096, '\0');
  auto size = out.size();
  pn_message_encode(message, out.data(), &size);
  out.resize(size);
  return out;
}

std::string node_of(pn_link_t* link) {
  return text(pn_terminus_get_address(pn_link_is_receiver(link) ? pn_link_remote_target(link)
                                                                : pn_link_remote_source(link)));
}

bool is_asked(const std::string& node) {
  return node == "$cbs" || node.ends_with("/$management");
}

}  // namespace

struct small_broker::inside {
  mutable std::mutex mutex;
  conduct now;
  pn_proactor_t* proactor = pn_proactor();
  pn_ssl_domain_t* domain = nullptr;
  std::promise<std::string> opened;
  std::map<std::string, std::deque<std::pair<std::string, std::string>>> queues;
  std::map<std::string, std::vector<std::string>> taken;
  std::vector<request> asked;
  std::vector<settlement> settled;
  std::set<pn_connection_t*> alive;
  std::map<pn_delivery_t*, std::string> coming;
  std::size_t connections = 0, links = 0, closed_links = 0;
  std::string hostname;
  bool cut_all = false;
  std::uint64_t answers = 0;

  void happened(pn_event_t* event) {
    const std::scoped_lock lock(mutex);
    switch (pn_event_type(event)) {
      case PN_LISTENER_OPEN: {
        char port[16] = "";
        pn_netaddr_host_port(pn_listener_addr(pn_event_listener(event)), nullptr, 0, port, 16);
        return opened.set_value(port);
      }
      case PN_LISTENER_ACCEPT: {
        auto* const transport = pn_transport();
        pn_transport_set_server(transport);
        if (domain) pn_ssl_init(pn_ssl(transport), domain, nullptr);
        pn_sasl_allowed_mechs(pn_sasl(transport), now.refuses_sasl ? "EXTERNAL" : "ANONYMOUS");
        pn_transport_require_auth(transport, true);
        auto* const connection = pn_connection();
        alive.insert(connection);
        ++connections;
        return pn_listener_accept2(pn_event_listener(event), connection, transport);
      }
      case PN_PROACTOR_TIMEOUT:
        for (auto* each : alive) pn_connection_wake(each);
        return;
      case PN_CONNECTION_WAKE:
        if (cut_all) return cut(pn_event_connection(event));
        return serve_all(pn_event_connection(event));
      case PN_CONNECTION_REMOTE_OPEN:
        hostname = text(pn_connection_remote_hostname(pn_event_connection(event)));
        if (now.cuts_at_open) return cut(pn_event_connection(event));
        return pn_connection_open(pn_event_connection(event));
      case PN_SESSION_REMOTE_OPEN:
        return pn_session_open(pn_event_session(event));
      case PN_LINK_REMOTE_OPEN:
        return attach(pn_event_link(event));
      case PN_LINK_FLOW:
        return serve(pn_event_link(event));
      case PN_DELIVERY:
        return delivered(pn_event_delivery(event));
      case PN_LINK_REMOTE_CLOSE:
        ++closed_links;
        return pn_link_close(pn_event_link(event));
      case PN_SESSION_REMOTE_CLOSE:
        pn_session_close(pn_event_session(event));
        return pn_session_free(pn_event_session(event));
      case PN_CONNECTION_REMOTE_CLOSE:
        return pn_connection_close(pn_event_connection(event));
      case PN_TRANSPORT_CLOSED:
        alive.erase(pn_event_connection(event));
        if (alive.empty()) cut_all = false;
        return;
      default:
        return;
    }
  }

  static void cut(pn_connection_t* connection) {
    auto* const transport = pn_connection_transport(connection);
    if (!transport) return;
    pn_transport_close_tail(transport);
    pn_transport_close_head(transport);
  }

  void attach(pn_link_t* link) {
    ++links;
    const auto node = node_of(link);
    if (now.silent.contains(node)) return;
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    pn_link_set_rcv_settle_mode(link, pn_link_remote_rcv_settle_mode(link));
    if (pn_link_is_receiver(link)) pn_link_set_max_message_size(link, now.largest_message);
    pn_link_open(link);
    if (const auto refused = now.refused_links.find(node); refused != now.refused_links.end()) {
      pn_condition_set_name(pn_link_condition(link), refused->second.c_str());
      pn_condition_set_description(pn_link_condition(link), "says the broker");
      return pn_link_close(link);
    }
    if (pn_link_is_receiver(link)) pn_link_flow(link, 10);
  }

  void serve_all(pn_connection_t* connection) {
    for (auto* link = pn_link_head(connection, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE); link;
         link = pn_link_next(link, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE))
      serve(link);
  }

  void serve(pn_link_t* link) {
    const auto node = node_of(link);
    if (!pn_link_is_sender(link) || is_asked(node)) return;
    auto& waiting = queues[node];
    while (pn_link_credit(link) > 0 && !waiting.empty()) {
      const auto [tag, bytes] = waiting.front();
      waiting.pop_front();
      pn_delivery(link, pn_dtag(tag.data(), tag.size()));
      pn_link_send(link, bytes.data(), bytes.size());
      pn_link_advance(link);
    }
    if (pn_link_get_drain(link) && !now.deaf_to_drain) pn_link_drained(link);
  }

  void delivered(pn_delivery_t* which) {
    auto* const link = pn_delivery_link(which);
    if (pn_link_is_sender(link)) {
      if (is_asked(node_of(link))) return pn_delivery_settle(which);
      return judged(which);
    }
    auto& bytes = coming[which];
    const auto pending = pn_delivery_pending(which);
    const auto before = bytes.size();
    bytes.resize(before + pending);
    pn_link_recv(link, bytes.data() + before, pending);
    if (pn_delivery_partial(which)) return;
    const auto whole = std::move(bytes);
    coming.erase(which);
    pn_link_advance(link);
    pn_link_flow(link, 1);
    take(link, which, whole);
  }

  void judged(pn_delivery_t* which) {
    if (!pn_delivery_updated(which)) return;
    settlement one;
    one.tag = text(pn_bytes_t(pn_delivery_tag(which)));
    one.state = pn_delivery_remote_state(which);
    auto* const why = pn_disposition_condition(pn_delivery_remote(which));
    one.condition = text(pn_condition_get_name(why));
    one.description = text(pn_condition_get_description(why));
    if (one.state == 0) return;
    settled.push_back(one);
    if (!now.refuses_settlements.empty()) {
      pn_condition_set_name(pn_disposition_condition(pn_delivery_local(which)),
                            now.refuses_settlements.c_str());
      pn_delivery_update(which, PN_REJECTED);
    } else {
      pn_delivery_update(which, one.state);
    }
    pn_delivery_settle(which);
  }

  void take(pn_link_t* link, pn_delivery_t* which, const std::string& bytes) {
    const auto node = node_of(link);
    auto* const message = pn_message();
    pn_message_decode(message, bytes.data(), bytes.size());
    auto* const body = pn_message_body(message);
    pn_data_rewind(body);
    pn_data_next(body);
    if (is_asked(node)) {
      answer(link, which, node, message, body);
    } else {
      taken[node].push_back(text(pn_data_get_binary(body)));
      if (now.cuts_at_message) {
        cut(pn_session_connection(pn_link_session(link)));
      } else {
        if (!now.refuses_messages.empty())
          pn_condition_set_name(pn_disposition_condition(pn_delivery_local(which)),
                                now.refuses_messages.c_str());
        pn_delivery_update(which, now.refuses_messages.empty() ? PN_ACCEPTED : PN_REJECTED);
        pn_delivery_settle(which);
      }
    }
    pn_message_free(message);
  }

  void answer(pn_link_t* link, pn_delivery_t* which, const std::string& node, pn_message_t* message,
              pn_data_t* body) {
    pn_delivery_update(which, PN_ACCEPTED);
    pn_delivery_settle(which);
    request one;
    one.node = node;
    one.id = text(pn_message_get_id(message).u.as_bytes);
    if (pn_data_type(body) == PN_STRING) one.text = text(pn_data_get_string(body));
    if (pn_data_type(body) == PN_MAP) {
      pn_data_enter(body);
      std::string name;
      while (pn_data_next(body)) {
        if (pn_data_type(body) == PN_STRING && name.empty()) {
          name = text(pn_data_get_string(body));
          continue;
        }
        if (pn_data_type(body) == PN_STRING)
          one.properties["body " + name] = text(pn_data_get_string(body));
        name.clear();
        if (pn_data_type(body) == PN_ARRAY) {
          pn_data_enter(body);
          while (pn_data_next(body)) one.lock_tokens.emplace_back(pn_data_get_uuid(body).bytes, 16);
          pn_data_exit(body);
        }
      }
    }
    auto* const members = pn_message_properties(message);
    pn_data_rewind(members);
    pn_data_next(members);
    pn_data_enter(members);
    while (pn_data_next(members)) {
      const auto name = text(pn_data_get_string(members));
      pn_data_next(members);
      one.properties[name] = text(pn_data_get_string(members));
    }
    one.operation = one.properties["operation"];
    asked.push_back(one);
    if (now.silent.contains("answers of " + node)) return;
    auto* const reply = pn_message();
    pn_message_set_correlation_id(reply, pn_message_get_id(message));
    auto* const said = pn_message_properties(reply);
    pn_data_put_map(said);
    pn_data_enter(said);
    pn_data_put_string(said, pn_bytes(11, "status-code"));
    const auto own = now.statuses.find(node);
    const bool refused =
        !now.accepted_text.empty() && node == "$cbs" && one.text != now.accepted_text;
    pn_data_put_int(said, refused ? 401 : own == now.statuses.end() ? now.status : own->second);
    pn_data_put_string(said, pn_bytes(18, "status-description"));
    pn_data_put_string(said, pn_bytes(4, "said"));
    pn_data_exit(said);
    const auto bytes = encoded(reply, 0);
    pn_message_free(reply);
    auto* const connection = pn_session_connection(pn_link_session(link));
    for (auto* each = pn_link_head(connection, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE); each;
         each = pn_link_next(each, PN_LOCAL_ACTIVE | PN_REMOTE_ACTIVE)) {
      if (!pn_link_is_sender(each) || node_of(each) != node) continue;
      const auto tag = std::to_string(++answers);
      pn_delivery(each, pn_dtag(tag.data(), tag.size()));
      pn_link_send(each, bytes.data(), bytes.size());
      pn_link_advance(each);
      return;
    }
  }
};

small_broker::small_broker(const std::string& certificate, const std::string& key)
    : inside_(std::make_unique<inside>()) {
  if (!certificate.empty()) {
    inside_->domain = pn_ssl_domain(PN_SSL_MODE_SERVER);
    pn_ssl_domain_set_credentials(inside_->domain, certificate.c_str(), key.c_str(), nullptr);
  }
  pn_proactor_listen(inside_->proactor, pn_listener(), "127.0.0.1:0", 16);
  thread_ = std::thread([this] { run(); });
  port_ = inside_->opened.get_future().get();
}

small_broker::~small_broker() {
  pn_proactor_interrupt(inside_->proactor);
  thread_.join();
  pn_proactor_free(inside_->proactor);
  if (inside_->domain) pn_ssl_domain_free(inside_->domain);
}

void small_broker::run() {
  for (;;) {
    auto* const batch = pn_proactor_wait(inside_->proactor);
    bool over = false;
    while (auto* const event = pn_event_batch_next(batch)) {
      if (pn_event_type(event) == PN_PROACTOR_INTERRUPT) over = true;
      inside_->happened(event);
    }
    pn_proactor_done(inside_->proactor, batch);
    if (over) return;
  }
}

void small_broker::behave(conduct wanted) {
  const std::scoped_lock lock(inside_->mutex);
  inside_->now = std::move(wanted);
}

void small_broker::put(const std::string& queue, const std::string& tag, std::string bytes) {
  {
    const std::scoped_lock lock(inside_->mutex);
    inside_->queues[queue].emplace_back(tag, std::move(bytes));
  }
  pn_proactor_set_timeout(inside_->proactor, 0);
}

void small_broker::cut_all() {
  {
    const std::scoped_lock lock(inside_->mutex);
    inside_->cut_all = true;
  }
  pn_proactor_set_timeout(inside_->proactor, 0);
}

std::vector<std::string> small_broker::taken(const std::string& queue) const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->taken[queue];
}
std::vector<small_broker::request> small_broker::asked() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->asked;
}
std::vector<small_broker::settlement> small_broker::settled() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->settled;
}
std::size_t small_broker::connections() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->connections;
}
std::size_t small_broker::links() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->links;
}
std::size_t small_broker::open_links() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->links - inside_->closed_links;
}
std::string small_broker::seen_hostname() const {
  const std::scoped_lock lock(inside_->mutex);
  return inside_->hostname;
}

std::string message_bytes(const std::string& body, const std::string& id, std::int64_t sequence,
                          std::uint32_t deliveries_before) {
  auto* const message = pn_message();
  pn_message_set_inferred(message, true);
  pn_message_set_delivery_count(message, deliveries_before);
  pn_msgid_t named;
  named.type = PN_STRING;
  named.u.as_bytes = pn_bytes(id.size(), id.data());
  pn_message_set_id(message, named);
  auto* const notes = pn_message_annotations(message);
  pn_data_put_map(notes);
  pn_data_enter(notes);
  pn_data_put_symbol(notes, pn_bytes(21, "x-opt-sequence-number"));
  pn_data_put_long(notes, sequence);
  pn_data_exit(notes);
  pn_data_put_binary(pn_message_body(message), pn_bytes(body.size(), body.data()));
  auto bytes = encoded(message, body.size());
  pn_message_free(message);
  return bytes;
}

}  // namespace kp::test
