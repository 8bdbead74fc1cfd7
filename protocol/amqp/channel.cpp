#include "protocol/amqp/channel.hpp"

#include "protocol/amqp/proton.hpp"
#include "protocol/amqp/session.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kp::amqp {

namespace {

// So much of what has not been read yet may lie here, for each channel.
constexpr std::size_t window_bytes = 1024 * 1024;

}  // namespace

channel::channel(session& in)
    : in_(in),
      own_(pn_session(in.connection())),
      bell_(in.network()),
      last_used_(std::chrono::steady_clock::now()) {
  pn_session_set_context(own_, this);
  pn_session_set_incoming_capacity(own_, window_bytes);
  pn_session_open(own_);
}

pn_link_t* channel::open_sender(const std::string& what, const std::string& node) {
  const auto name = fmt::format("{}-{}-{}", what, node, in_.next_number());
  auto* const made = pn_sender(own_, name.c_str());
  pn_link_set_context(made, this);
  pn_terminus_set_address(pn_link_target(made), node.c_str());
  pn_terminus_set_address(pn_link_source(made), name.c_str());
  pn_link_set_snd_settle_mode(made, PN_SND_UNSETTLED);
  pn_link_open(made);
  links_.push_back(made);
  return made;
}

pn_link_t* channel::open_receiver(const std::string& what, const std::string& node,
                                  const std::string& own_end) {
  const auto name = fmt::format("{}-{}-{}", what, node, in_.next_number());
  auto* const made = pn_receiver(own_, name.c_str());
  pn_link_set_context(made, this);
  pn_terminus_set_address(pn_link_source(made), node.c_str());
  pn_terminus_set_address(pn_link_target(made), own_end.c_str());
  pn_link_set_snd_settle_mode(made, PN_SND_UNSETTLED);
  pn_link_set_rcv_settle_mode(made, PN_RCV_SECOND);
  pn_link_open(made);
  links_.push_back(made);
  return made;
}

void channel::fail(error why) {
  if (failed_) return;
  failed_ = std::move(why);
  if (in_.alive()) {
    for (auto* link : links_) {
      pn_link_set_context(link, nullptr);
      pn_link_close(link);
    }
    pn_session_set_context(own_, nullptr);
    pn_session_close(own_);  // the session frees it when the other side has closed it too
  }
  links_.clear();
  own_ = nullptr;
  failed();
  ring();
}

void channel::happened(pn_event_type_t what, pn_link_t* link) {
  switch (what) {
    case PN_LINK_REMOTE_OPEN:
      ++open_;
      return ring();
    case PN_LINK_FLOW:
      return ring();
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
      return fail(of_condition(fmt::format("AMQP link {}", to_view(pn_link_name(link))),
                               pn_link_remote_condition(link)));
    default:
      return;
  }
}

http::awaitable<result<void>> channel::changed(moment until, std::string_view what) {
  if (!failed_) co_await bell_.wait(until);
  if (failed_) co_return *failed_;
  if (std::chrono::steady_clock::now() < until) co_return result<void>{};
  fail(transient(amqp_errc::timeout, fmt::format("AMQP: {} did not come in time", what)));
  in_.flush();
  co_return *failed_;
}

http::awaitable<result<void>> channel::attached(moment until) {
  used();
  if (failed_) co_return *failed_;
  in_.flush();
  while (!failed_ && open_ < links_.size())
    KP_CO_CHECK(co_await changed(until, "the answer to a new link"));
  if (failed_) co_return *failed_;
  co_return result<void>{};
}

// ---- out

outlet::outlet(session& session, const std::string& node)
    : channel(session), node_(node), link_(open_sender("to", node)) {}

http::awaitable<result<void>> outlet::send(std::string message, moment until) {
  KP_CO_CHECK(co_await attached(until));
  const auto most = pn_link_remote_max_message_size(link_);
  if (most > 0 && message.size() > most)
    co_return permanent(amqp_errc::too_large,
                        fmt::format("AMQP: {} takes no message of {} bytes, only of {}", node_,
                                    message.size(), most));
  while (pn_link_credit(link_) <= 0) KP_CO_CHECK(co_await changed(until, "leave to send"));
  const auto tag = std::to_string(++last_tag_);
  pn_delivery(link_, pn_dtag(tag.data(), tag.size()));
  const auto taken = pn_link_send(link_, message.data(), message.size());
  if (taken < 0 || static_cast<std::size_t>(taken) != message.size()) {
    fail(transient(amqp_errc::closed, "AMQP: a message could not be written"));
    in().flush();
    co_return *failure();
  }
  pn_link_advance(link_);
  message = {};
  under_way_.emplace(tag, std::nullopt);
  in().flush();
  for (;;) {
    const auto found = under_way_.find(tag);
    if (found == under_way_.end()) co_return *failure();
    if (found->second) {
      const auto what = *found->second;
      under_way_.erase(found);
      used();
      co_return what;
    }
    KP_CO_CHECK(co_await changed(until, "the acceptance of a message"));
  }
}

void outlet::delivered(pn_delivery_t* which) {
  if (!pn_delivery_updated(which)) return;
  const auto state = pn_delivery_remote_state(which);
  const bool settled = pn_delivery_settled(which);
  if (!settled && state != PN_ACCEPTED && state != PN_REJECTED && state != PN_RELEASED &&
      state != PN_MODIFIED) {
    pn_delivery_clear(which);
    return;
  }
  result<void> what;
  const auto name = fmt::format("AMQP send to {}", node_);
  if (state == PN_REJECTED)
    what = result<void>(of_condition(name, pn_disposition_condition(pn_delivery_remote(which))));
  else if (state != PN_ACCEPTED)
    what = result<void>(transient(amqp_errc::busy, name + ": not taken"));
  const auto found = under_way_.find(std::string(to_view(pn_delivery_tag(which))));
  pn_delivery_settle(which);
  if (found == under_way_.end()) return;
  found->second = std::move(what);
  ring();
}

// ---- in

inlet::inlet(session& session, const std::string& node)
    : channel(session), node_(node), link_(open_receiver("from", node, "here-" + node)) {}

http::awaitable<result<std::optional<delivery>>> inlet::receive(std::size_t max_bytes,
                                                                moment begun_by, moment until) {
  if (receiving_)
    co_return transient(amqp_errc::busy, fmt::format("AMQP: {} is being read already", node_));
  if (held_.size() >= most_held)
    co_return transient(amqp_errc::busy, fmt::format("AMQP: too much of {} is locked", node_));
  receiving_ = true;
  struct at_end {
    bool& flag;
    ~at_end() { flag = false; }
  };
  const at_end over{receiving_};
  KP_CO_CHECK(co_await attached(begun_by));
  max_bytes_ = max_bytes;
  coming_.clear();
  came_.reset();
  pn_link_drain(link_, 1);  // one message, or the word that there is none
  in().flush();
  while (!came_) {
    if (!usable()) co_return *failure();
    const bool coming = pn_link_current(link_) != nullptr;
    if (!coming && !pn_link_draining(link_)) break;
    KP_CO_CHECK(co_await changed(coming ? until : begun_by, "a message, or that there is none"));
  }
  used();
  co_return std::exchange(came_, std::nullopt);
}

void inlet::delivered(pn_delivery_t* which) {
  if (which == pn_link_current(link_)) take(which);
  // It may have come and been settled in one go.
  if (usable() && pn_delivery_updated(which)) settled(which);
}

void inlet::take(pn_delivery_t* which) {
  if (pn_delivery_aborted(which)) {
    pn_delivery_settle(which);
    coming_.clear();
    return ring();
  }
  const auto pending = pn_delivery_pending(which);
  if (coming_.size() + pending > max_bytes_)
    return fail(
        permanent(amqp_errc::too_large,
                  fmt::format("AMQP: a message in {} is larger than {} bytes", node_, max_bytes_)));
  const auto before = coming_.size();
  coming_.resize(before + pending);
  const auto count = pn_link_recv(link_, coming_.data() + before, pending);
  coming_.resize(before + (count > 0 ? static_cast<std::size_t>(count) : 0));
  if (pn_delivery_partial(which)) return;
  std::string tag(to_view(pn_delivery_tag(which)));
  held one;
  one.handle = which;
  one.since = std::chrono::steady_clock::now();
  held_.insert_or_assign(tag, std::move(one));
  pn_link_advance(link_);
  came_ = delivery{std::move(tag), std::exchange(coming_, {})};
  ring();
}

void inlet::settled(pn_delivery_t* which) {
  const auto state = pn_delivery_remote_state(which);
  const bool over = pn_delivery_settled(which);
  pn_delivery_clear(which);
  if (!over) return;
  const auto found = held_.find(std::string(to_view(pn_delivery_tag(which))));
  const auto wanted = pn_delivery_local_state(which);
  auto* const why = pn_disposition_condition(pn_delivery_remote(which));
  std::optional<error> refused;
  if (state == PN_REJECTED && pn_condition_is_set(why) &&
      (wanted != PN_REJECTED ||
       to_view(pn_condition_get_name(why)) == "com.microsoft:message-lock-lost"))
    refused = of_condition(fmt::format("AMQP {}", node_), why);
  else if (state != 0 && state != wanted && wanted != 0)
    refused = permanent(amqp_errc::lock_lost, fmt::format("AMQP {}: the lock is lost", node_));
  pn_delivery_settle(which);
  if (found == held_.end()) return;
  if (!found->second.asked) {  // taken back unasked
    held_.erase(found);
    return;
  }
  found->second.handle = nullptr;
  found->second.settled = refused ? result<void>(*refused) : result<void>{};
  ring();
}

http::awaitable<result<void>> inlet::settle(std::string tag, outcome how, std::string reason,
                                            moment until) {
  const auto gone =
      transient(amqp_errc::no_link, "AMQP: the link that the message came by is gone");
  if (const auto found = held_.find(tag); found == held_.end() || !usable()) {
    co_return gone;
  } else if (!found->second.asked) {
    auto& one = found->second;
    one.asked = true;
    auto* const said = pn_delivery_local(one.handle);
    switch (how) {
      case outcome::accepted:
        pn_delivery_update(one.handle, PN_ACCEPTED);
        break;
      case outcome::released:
        pn_delivery_update(one.handle, PN_MODIFIED);
        break;
      case outcome::rejected: {
        auto* const why = pn_disposition_condition(said);
        pn_condition_set_name(why, "com.microsoft:dead-letter");
        pn_condition_set_description(why, reason.c_str());
        auto* const info = pn_condition_info(why);
        pn_data_clear(info);
        pn_data_put_map(info);
        pn_data_enter(info);
        pn_data_put_symbol(info, to_pn("DeadLetterReason"));
        pn_data_put_string(info, to_pn("unreadable"));
        pn_data_put_symbol(info, to_pn("DeadLetterErrorDescription"));
        pn_data_put_string(info, to_pn(reason));
        pn_data_exit(info);
        pn_delivery_update(one.handle, PN_REJECTED);
        break;
      }
    }
    // Who does not answer settlements has heard them.
    if (pn_link_remote_rcv_settle_mode(link_) == PN_RCV_FIRST) {
      pn_delivery_settle(one.handle);
      one.handle = nullptr;
      one.settled = result<void>{};
    }
  }
  in().flush();
  for (;;) {
    const auto found = held_.find(tag);
    if (found == held_.end()) co_return failure() ? *failure() : gone;
    if (found->second.settled) {
      const auto what = *found->second.settled;
      held_.erase(found);
      used();
      co_return what;
    }
    KP_CO_CHECK(co_await changed(until, "the end of a lock"));
  }
}

void inlet::look_after(moment now) {
  std::erase_if(held_, [&](auto& each) {
    auto& [tag, one] = each;
    if (now - one.since < longest_held || one.asked) return false;
    pn_delivery_update(one.handle, PN_MODIFIED);
    pn_delivery_settle(one.handle);
    return true;
  });
}

// ---- asking

desk::desk(session& session, const std::string& node)
    : channel(session),
      node_(node),
      own_end_("answers-" + node),
      out_(open_sender("ask", node)),
      in_link_(open_receiver("answers", node, own_end_)) {
  pn_link_flow(in_link_, 64);
}

http::awaitable<result<answer>> desk::ask(question what, moment until) {
  KP_CO_CHECK(co_await attached(until));
  while (pn_link_credit(out_) <= 0) KP_CO_CHECK(co_await changed(until, "leave to ask"));
  const auto id = std::to_string(++last_id_);
  KP_CO_TRY(const auto bytes, encode(what, id, own_end_));
  pn_delivery(out_, pn_dtag(id.data(), id.size()));
  pn_link_send(out_, bytes.data(), bytes.size());
  pn_link_advance(out_);
  waiting_.emplace(id, std::nullopt);
  in().flush();
  for (;;) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) co_return *failure();
    if (found->second) {
      auto answered = *std::move(found->second);
      waiting_.erase(found);
      used();
      co_return answered;
    }
    KP_CO_CHECK(co_await changed(until, "an answer"));
  }
}

void desk::delivered(pn_delivery_t* which) {
  const auto about = fmt::format("AMQP request to {}", node_);
  if (pn_delivery_link(which) == out_) {
    const auto state = pn_delivery_remote_state(which);
    const auto found = waiting_.find(std::string(to_view(pn_delivery_tag(which))));
    if (state == PN_REJECTED && found != waiting_.end()) {
      found->second =
          result<answer>(of_condition(about, pn_disposition_condition(pn_delivery_remote(which))));
      ring();
    }
    if (pn_delivery_settled(which) || state != 0) pn_delivery_settle(which);
    return;
  }
  if (pn_delivery_pending(which) > longest_answer)
    return fail(transient(amqp_errc::too_large, about + ": the answer is too large"));
  if (!pn_delivery_readable(which) || pn_delivery_partial(which)) return;
  std::string bytes(pn_delivery_pending(which), '\0');
  const auto count = pn_link_recv(in_link_, bytes.data(), bytes.size());
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  pn_link_advance(in_link_);
  pn_delivery_update(which, PN_ACCEPTED);
  pn_delivery_settle(which);
  pn_link_flow(in_link_, 1);
  auto answered = decode_answer(bytes);
  if (!answered) return fail(with_context(answered.error(), about));
  const auto found = waiting_.find(answered->id);
  if (found == waiting_.end()) return;
  found->second = std::move(answered);
  ring();
}

}  // namespace kp::amqp
