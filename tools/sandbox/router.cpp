#include "tools/sandbox/router.hpp"

#include "tools/sandbox/answers.hpp"

namespace kp::sandbox {

namespace {

// Whose call it is and for which scopes, as the unverified token or grant says.
struct identity {
  std::string organisation, scope;
};

identity identify(const services& all, endpoint where, const request& call) {
  if (is_svarut(where)) return {all.ks.caller({where, {}, {}}, call), {}};
  std::optional<jwt> said;
  if (where == endpoint::token) {
    for (const auto& [name, value] : parse_form(call.body))
      if (name == "assertion") said = parse_jwt(value);
  } else if (const auto bearer = call.bearer()) {
    said = parse_jwt(*bearer);
  }
  if (!said) return {};
  return {organisation_of(said->claims, all.known), text_at(said->claims, "scope")};
}

// A refusal before there is a service to ask.
class refused final : public exchange {
 public:
  explicit refused(unsigned status) : status_(status) {}
  std::optional<response> body(std::string_view) override { return {}; }
  mishap prepare() override { return {}; }
  response finish() override { return empty_answer(status_); }

 private:
  unsigned status_;
};

class control_exchange final : public exchange {
 public:
  control_exchange(control_api& control, request head)
      : control_(control), call_(std::move(head)) {}
  std::optional<response> body(std::string_view bytes) override {
    if (call_.body.size() + bytes.size() > max_control_body) return empty_answer(413);
    call_.body += bytes;
    return {};
  }
  mishap prepare() override { return {}; }
  response finish() override { return control_.handle(call_); }

 private:
  control_api& control_;
  request call_;
};

class service_exchange final : public exchange {
 public:
  service_exchange(services& all, route to, request head)
      : all_(all), to_(std::move(to)), call_(std::move(head)) {}

  std::optional<response> body(std::string_view bytes) override {
    const bool large = to_.where == endpoint::svarut_send || to_.where == endpoint::svarut_soap ||
                       to_.where == endpoint::fiks_send;
    const auto most = is_service_bus(to_.where)      ? max_bus_body
                      : is_correspondence(to_.where) ? max_correspondence_body
                      : is_dpi(to_.where)            ? max_dpi_body
                      : is_dph(to_.where)            ? max_dph_body
                      : large                        ? max_forsendelse_bytes
                                                     : max_body;
    if (call_.body.size() + bytes.size() > most) return empty_answer(413);
    call_.body += bytes;
    return {};
  }

  mishap prepare() override {
    who_ = identify(all_, to_.where, call_);
    struck_ = all_.faults.strike(to_.where, who_.organisation, to_.id);
    auto wrong = struck_ ? struck_->as_mishap() : mishap{};
    if (!struck_ && to_.where == endpoint::service_bus_receive)
      wrong.delay = all_.bus.wait(to_, call_);
    return wrong;
  }

  response finish() override {
    auto out = struck_ && struck_->kind == fault_kind::status ? canned_answer(*struck_) : ask();
    if (struck_) out = spoil(std::move(out), *struck_);
    all_.counters.count(to_.where, who_.organisation, who_.scope, out.status);
    return out;
  }

  void aborted() override { all_.counters.count(to_.where, who_.organisation, who_.scope, 0); }

 private:
  response ask() {
    const bool forged = struck_ && struck_->kind == fault_kind::wrong_signature;
    const auto* stray = forged ? all_.stray_key() : nullptr;
    switch (to_.where) {
      case endpoint::token:
        return all_.tokens.token(call_, stray);
      case endpoint::maskinporten_metadata:
        return all_.tokens.metadata();
      case endpoint::maskinporten_jwk:
        return all_.tokens.key_set();
      case endpoint::exchange:
        return all_.exchange.exchange(call_, stray);
      case endpoint::status_service:
        return to_.id.empty() ? all_.statuses.post_any(call_) : all_.statuses.post_status(call_);
      case endpoint::revocation_list:
        return all_.authority.list();
      case endpoint::webhook:
        return all_.subscribed.take(to_.id, call_);
      default:
        break;
    }
    if (is_svarut(to_.where)) return all_.ks.handle(to_, call_);
    if (is_broker(to_.where)) return all_.broker.handle(to_, call_);
    if (is_service_bus(to_.where)) return all_.bus.handle(to_, call_);
    if (is_correspondence(to_.where)) return all_.post.handle(to_, call_);
    if (is_dpi(to_.where)) return all_.dpi.handle(to_, call_);
    if (is_dph(to_.where)) return all_.dph.handle(to_, call_);
    if (is_fiks_io(to_.where)) return all_.fiks.handle(to_, call_);
    return all_.registry.handle(to_, call_, stray);
  }

  services& all_;
  route to_;
  request call_;
  identity who_;
  std::optional<fault> struck_;
};

// The one request whose body is not held in memory. Faults strike before the body.
class upload_exchange final : public exchange {
 public:
  upload_exchange(services& all, route to, request head)
      : all_(all),
        to_(std::move(to)),
        who_(identify(all, to_.where, head)),
        struck_(all.faults.strike(to_.where, who_.organisation, to_.id)) {
    if (struck_ && struck_->kind == fault_kind::status) {
      refusal_ = canned_answer(*struck_);
    } else if (!struck_ || struck_->kind != fault_kind::cut) {
      auto begun = all_.broker.begin_upload(to_, head);
      if (auto* why = std::get_if<response>(&begun))
        refusal_ = std::move(*why);
      else
        writer_ = std::move(std::get<std::unique_ptr<file_writer>>(begun));
    }
    if (writer_ && struck_ && struck_->kind == fault_kind::reset_mid_body)
      reset_after_ = std::max<std::uint64_t>(head.content_length.value_or(0) / 2, 1);
  }

  std::optional<std::uint64_t> reset_after() const override { return reset_after_; }

  std::optional<response> body(std::string_view bytes) override {
    received_ += bytes.size();
    if (!writer_) {
      if (!refusal_ || received_ <= max_discarded) return {};
      return counted(std::move(*refusal_));
    }
    if (received_ <= max_unannounced_bytes && writer_->write(bytes)) return {};
    all_.broker.abort_upload(to_);
    return counted(empty_answer(500));
  }

  mishap prepare() override { return struck_ ? struck_->as_mishap() : mishap{}; }

  response finish() override {
    if (refusal_) return counted(std::move(*refusal_));
    auto out =
        all_.broker.finish_upload(to_, *writer_, struck_ && struck_->kind == fault_kind::malware);
    if (struck_) out = spoil(std::move(out), *struck_);
    return counted(std::move(out));
  }

  void aborted() override {
    if (writer_) all_.broker.abort_upload(to_);
    all_.counters.count(to_.where, who_.organisation, who_.scope, 0);
  }

 private:
  response counted(response out) {
    all_.counters.count(to_.where, who_.organisation, who_.scope, out.status);
    return out;
  }

  services& all_;
  route to_;
  identity who_;
  std::optional<fault> struck_;
  std::unique_ptr<file_writer> writer_;
  std::optional<response> refusal_;
  std::optional<std::uint64_t> reset_after_;
  std::uint64_t received_ = 0;
};

}  // namespace

std::unique_ptr<exchange> router::begin(request head) {
  auto to = find_route(head.method, head.path);
  if (!to) {
    const bool other = find_route("GET", head.path) || find_route("POST", head.path);
    return std::make_unique<refused>(other ? 405U : 404U);
  }
  if (to->where == endpoint::control)
    return std::make_unique<control_exchange>(control_, std::move(head));
  if (to->where == endpoint::upload)
    return std::make_unique<upload_exchange>(all_, *std::move(to), std::move(head));
  return std::make_unique<service_exchange>(all_, *std::move(to), std::move(head));
}

}  // namespace kp::sandbox
