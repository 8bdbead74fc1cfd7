#pragma once

#include "storage/engine.hpp"
#include "storage/lease.hpp"
#include "storage/records.hpp"
#include "storage/status_queue.hpp"

#include <atomic>
#include <mutex>

// The repositories of one organisation. Reading happens at once; changing appends to a batch that
// the caller hands to the store writer, so that what belongs together is one commit. Each method
// that changes says which preconditions it adds; when one fails at commit, read again.

namespace kp::storage {

class row_counter;
class report_gate;

// The shared 64-bit row ids of an organisation. Thread safe. Ids rise and are never given twice,
// also not after a crash: a block of `block` ids is reserved in the store before its first is used.
class row_ids {
 public:
  static constexpr std::uint64_t block = 4096;
  row_ids(const engine& store, organisation_id organisation);

  // The next id. When it opens a new block, the reservation is added to `b`, which must then be
  // committed (at the latest together with the first record that carries an id of that block).
  // Reads the store once, at the first call.
  result<row_id> next(batch& b);

 private:
  const engine& store_;
  organisation_id organisation_;
  std::mutex mutex_;
  bool loaded_ = false;
  bool durable_ = false;  // the reservation has been seen in the store
  std::uint64_t next_ = 0;
  std::uint64_t reserved_ = 0;
};

class channel_registry {
 public:
  channel_registry(const engine& store, organisation_id organisation);
  result<std::optional<channel_number>> find(const channel_name&) const;
  struct entry { channel_name name; channel_number number; };
  result<std::vector<entry>> all() const;
  // Gives `name` the next free number (require_absent on the name); `all` is what all() said.
  channel_number add(batch& b, const channel_name& name, const std::vector<entry>& all) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

// One page of a list: entries [offset, offset + size) of those that match, and how many match.
template <class T>
struct page {
  std::vector<T> items;
  std::uint64_t total = 0;
};
struct page_request {
  std::uint64_t offset = 0;
  std::uint64_t size = 10;
  scan_order order = scan_order::ascending;  // by row id
};
template <class T>
using filter = std::function<bool(const T&)>;

class outgoing_messages {
 public:
  outgoing_messages(const engine& store, organisation_id organisation);
  result<std::optional<outgoing_message>> find(channel_number, const message_id&) const;
  result<std::optional<outgoing_message>> find(const message_id&) const;  // of any channel
  // The same with an empty `sbd`, for who does not need it: half the work.
  result<std::optional<outgoing_message>> find_without_document(channel_number,
                                                                const message_id&) const;
  // The SBD of a message that find_without_document() gave.
  result<std::string> document(const outgoing_message&) const;
  // The channel that has this message id in its outbox, whichever it is.
  result<std::optional<channel_number>> owner(const message_id&) const;
  void insert(batch&, const outgoing_message&) const;          // require_absent on owner
  // Replaces `before`, which must be what find() said (compare and set).
  void update(batch&, const outgoing_message& before, const outgoing_message& after) const;
  void remove(batch&, const outgoing_message&) const;          // compare and set
  result<page<outgoing_message>> list(channel_number, const page_request&,
                                      const filter<outgoing_message>&) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

class inbox {
 public:
  inbox(const engine& store, organisation_id organisation);
  result<std::optional<inbound_message>> find(const message_id&) const;
  // Puts it at the back of its channel's queue: `m.order` must be a fresh row id. The channel's feed
  // gets an arrival in the same batch.
  void insert(batch&, const inbound_message& m) const;         // require_absent
  result<page<inbound_message>> list(channel_number, const page_request&,
                                     const filter<inbound_message>&) const;

  // Locks the oldest unlocked message of the channel that matches and returns it with its lock;
  // nullopt when there is none. `from` is the order to start looking at and is moved forward past
  // entries that are gone for good (the caller keeps it between calls; 0 at first), so that a long
  // history of deleted entries is not walked again. Messages that `b` already locks are passed over,
  // for callers that peek several times before committing. Adds compare-and-set on the lock and
  // require_present on the place in the queue.
  // `from` stays this far behind the first entry: an order is given before its message is
  // committed, so that smaller orders may turn up a little later.
  static constexpr std::uint64_t commit_window = 1024;
  struct locked { inbound_message message; lease lock; };
  result<std::optional<locked>> peek(batch&, channel_number, std::uint64_t& from,
                                     const filter<inbound_message>&, std::string_view owner,
                                     time_point now, std::chrono::microseconds ttl) const;

  // The live lock, or nullopt when not locked. Until it has been swept, an overdue lock counts.
  result<std::optional<lease>> lock_of(const message_id&) const;
  // Frees up to `limit` overdue locks; each message goes to the back of the queue with a fresh
  // order (last_updated = now). Returns how many. Adds compare-and-set on message and lock.
  result<std::size_t> sweep(batch&, channel_number, row_ids&, time_point now,
                            std::size_t limit) const;
  // When the next overdue lock will be due, if any is held.
  result<std::optional<time_point>> next_lock_expiry(channel_number) const;
  // Removes a message with its lock and its places in queues and lists (compare and set on the
  // message, so that a sweep in between is noticed); with `lock`, requires that fence as well.
  void remove(batch&, const inbound_message&, const std::optional<lease>& lock) const;
  // Adds moving unlocked messages of `from` that match to the back of the queue of `to`, oldest
  // first, at most `limit`; returns them as they were. Requires that each still waits unchanged.
  result<std::vector<inbound_message>> move_waiting(batch&, channel_number from, channel_number to,
                                                    row_ids&, std::size_t limit,
                                                    const filter<inbound_message>&) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

class conversations {
 public:
  conversations(const engine& store, organisation_id organisation);
  result<std::optional<conversation>> find(channel_number, row_id) const;
  result<std::optional<conversation>> find(direction, const message_id&) const;  // any channel
  void insert(batch&, const conversation&) const;              // require_absent on (direction, message)
  void update(batch&, const conversation& before, const conversation& after) const;  // compare and set
  void remove(batch&, const conversation&) const;  // compare and set
  // Adds moving it to another channel (compare and set).
  void move(batch&, const conversation& before, channel_number to) const;
  result<page<conversation>> list(channel_number, const page_request&,
                                  const filter<conversation>&) const;
  // Those of one set; `order` is by last update, then row id.
  enum class set { all, pollable, unfinished };
  result<page<conversation>> by_update(channel_number, set, const page_request&,
                                       const filter<conversation>&) const;
  // The conversations (one a message) with this conversation id, by row id.
  result<std::vector<conversation>> of_reference(channel_number, const conversation_id&) const;
  // Adds the entries that by_update() and of_reference() read; for rows older than these indexes.
  void add_places(batch&, const conversation&) const;
  // Unfinished conversations whose expiry is at or before `now`, oldest first.
  result<std::vector<conversation>> expired(time_point now, std::size_t limit) const;
  result<std::optional<time_point>> next_expiry() const;

 private:
  const engine& store_;
  organisation_id organisation_;
  std::shared_ptr<row_counter> counter_;
};

class statuses {
 public:
  // `reports`: where the national status service is told of statuses; nullptr: it is not.
  statuses(const engine& store, organisation_id organisation, status_queue::includes queues = {},
           std::shared_ptr<report_gate> reports = nullptr);
  // Also queues it, when the channel queues statuses of conversations over `via`.
  result<void> insert(batch&, service via, const status&) const;
  result<std::optional<status>> find(channel_number, row_id) const;
  result<page<status>> list(channel_number, const page_request&, const filter<status>&) const;
  result<page<status>> of_message(channel_number, const message_id&, const page_request&,
                                  const filter<status>&) const;
  // Those whose last update lies between the two, both included; `order` is by last update.
  result<page<status>> between(channel_number, time_point from, time_point to, const page_request&,
                               const filter<status>&) const;
  result<std::vector<status>> of_conversation(const conversation&) const;  // by id ascending
  void remove_of(batch&, const conversation&, const std::vector<status>&) const;
  const status_queue& queue() const { return queue_; }
  report_gate* reports() const { return reports_.get(); }
  // Adds the entries that between() reads; for rows older than that index.
  void add_places(batch&, const status&) const;
  organisation_id organisation() const { return organisation_; }
  // Adds moving all statuses of a conversation to another channel, together with it; there they are
  // queued as new ones are.
  result<void> move(batch&, const conversation& before, const std::vector<status>&,
                    channel_number to) const;

 private:
  const engine& store_;
  organisation_id organisation_;
  status_queue queue_;
  std::shared_ptr<row_counter> counter_;
  std::shared_ptr<report_gate> reports_;
};

// Registers a status on a conversation by the rules of storage/status_rules.hpp. Appends status,
// conversation, the event of the channel's feed (storage/feed.hpp) and the report to the national
// status service (storage/status_reports.hpp) to the batch (compare and set on the conversation) and
// changes `c` to the new state. False, and nothing appended, when the status
// may not follow those that are there.
struct status_change {
  status_name name;
  std::optional<std::string> description;
  std::optional<std::string> raw_receipt;
  time_point at;
};
result<bool> register_status(batch&, const conversations&, const statuses&, row_ids&,
                             conversation& c, const status_change&);
// Several at once, in this order; how many of them were registered. With `reference` the
// conversation gets it as its external_system_reference, also when none was.
result<std::size_t> register_statuses(batch&, const conversations&, const statuses&, row_ids&,
                                      conversation& c, const std::vector<status_change>&,
                                      const std::optional<std::string>& reference = {});
// As above for a conversation that is inserted in the same batch; it gets a row id when `c.id` is 0.
result<void> start_conversation(batch&, const conversations&, const statuses&, row_ids&,
                                conversation& c, const std::vector<status_change>& initial);

class outbox {
 public:
  outbox(const engine& store, organisation_id organisation, service via);
  // require_absent. The item waits until the later of `due` and `queued`, of which one must be the
  // time of the call or later.
  void insert(batch&, const outbox_item&) const;
  result<std::optional<outbox_item>> find(row_id) const;
  result<std::vector<row_id>> of_message(const message_id&) const;
  // Items due at `now`, not claimed by anybody live, oldest due first, at most `limit`; each is
  // claimed for `owner` in the batch. `from` as in inbox::peek: where to start, moved forward; it
  // goes back by itself when the clock is set back. Adds compare-and-set on items and claims.
  // Commit `b` when it is not empty, also when nothing was claimed: leftovers are cleared in it.
  static constexpr std::chrono::minutes commit_window{1};  // from due time to commit, at most
  struct claimed { outbox_item item; lease claim; };
  result<std::vector<claimed>> claim_due(batch&, time_point& from, time_point now,
                                         std::size_t limit, std::string_view owner,
                                         std::chrono::microseconds ttl) const;
  // When the next item can be claimed: the earliest due time of those that are not claimed and
  // expiry of those that are. `from`: what claim_due() left there, so that this is as cheap.
  result<std::optional<time_point>> next_due(time_point from = {}) const;
  // All three require the claim's fence.
  void postpone(batch&, const claimed&, time_point due, std::string last_error) const;  // attempts + 1, claim released
  void remove(batch&, const claimed&) const;
  // Extends the claim of work that takes long.
  result<lease> renew(batch&, const claimed&, time_point now, std::chrono::microseconds ttl) const;
  // An item that is not claimed, e.g. when its message is deleted by the client. The commit fails
  // with precondition_failed when the item has changed or somebody holds its claim (a claim that has
  // expired at `now` is held by nobody; without `now`, every claim that was not given back counts).
  void remove_unclaimed(batch&, const outbox_item&, time_point now = {}) const;
  result<std::uint64_t> count() const;

 private:
  std::string due_key(time_point at, row_id) const;
  void leave_place(batch&, const claimed&) const;
  void erase_item(batch&, const outbox_item&) const;

  const engine& store_;
  organisation_id organisation_;
  service via_;
};

// Which message channel a message came with (dpo.md 6.5): kept as long as the conversation.
class channel_references {
 public:
  channel_references(const engine& store, organisation_id organisation);
  void put(batch&, const message_id&, std::string_view message_channel) const;
  result<std::optional<std::string>> find(const message_id&) const;
  void remove(batch&, const message_id&) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

class transfers {
 public:
  transfers(const engine& store, organisation_id organisation, service via);
  result<std::optional<transfer>> find(std::string_view id) const;
  void put(batch&, const transfer&) const;
  void remove(batch&, std::string_view id) const;
  // Every transfer that is recorded, at most `limit`.
  result<std::vector<transfer>> all(std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
  service via_;
};

}  // namespace kp::storage
