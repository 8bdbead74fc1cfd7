#pragma once

#include "config/clock.hpp"
#include "config/ids.hpp"
#include "storage/engine.hpp"
#include "storage/records.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// What the national status service is still to be told: a queue of each organisation, filled in the
// commit of the status itself (register_status), so that no status is registered and not told.

namespace kp::storage {

// All that is told of one status; its text is made when it is sent.
struct status_report {
  time_point queued{};  // by the hub's clock
  time_point at{};      // of the status; a transport may date it back
  status_name name = status_name::opprettet;
  message_id message;
  conversation_id conversation;
  service via = service::unknown;
  std::string process, document_type;
  std::string sender;  // full identifiers
  std::optional<std::string> receiver;
};
std::string encode(const status_report&);
// Errors: as the other records (storage/codec.hpp).
result<status_report> decode_status_report(std::string_view bytes);

// One that the service did not want.
struct refused_report {
  status_report what;
  time_point at{};
  std::string why;
};
std::string encode(const refused_report&);
result<refused_report> decode_refused_report(std::string_view bytes);

// Lets reports into the queue of one organisation, up to its bound. Thread safe; costs two atomic
// operations. It counts what is admitted, and a batch that is decided anew or never committed
// counts too: who empties the queue finds that out and puts it right.
class report_gate {
 public:
  // `woken` is called when something is admitted to a queue that was empty, possibly before it is
  // committed; on any thread, it must not block nor throw.
  report_gate(const clock& time, std::uint64_t most, std::function<void()> woken);

  // The time of queueing; nullopt: the queue is full, and this status will not be told.
  std::optional<time_point> admit();
  void found(std::uint64_t more) { waiting_ += more; }  // what is there from before
  void left(std::uint64_t fewer);

  std::uint64_t waiting() const { return waiting_.load(); }
  std::uint64_t admitted() const { return admitted_.load(); }        // since it was made
  std::uint64_t turned_away() const { return turned_away_.load(); }  // likewise
  std::uint64_t most() const { return most_; }

 private:
  const clock& time_;
  const std::uint64_t most_;
  std::function<void()> woken_;
  std::atomic<std::uint64_t> waiting_{0}, admitted_{0}, turned_away_{0};
};

// At the back of the organisation's queue.
void append_report(batch&, organisation_id, const status_report&);

// The queue of one organisation, and what was refused.
class status_reports {
 public:
  status_reports(const engine& store, organisation_id organisation);

  struct entry {
    std::uint64_t sequence = 0;  // rises in the order of commits
    status_report what;
  };
  // Those after `sequence`, oldest first, at most `limit`. One that cannot be read is an error.
  result<std::vector<entry>> after(std::uint64_t sequence, std::size_t limit) const;
  void remove(batch&, std::uint64_t sequence) const;
  // How many there are, at most `limit`.
  result<std::uint64_t> count(std::uint64_t limit) const;

  // Takes it from the queue and keeps it among the refused, of which about `keep` newest stay.
  result<void> refuse(batch&, const entry&, time_point now, std::string why,
                      std::size_t keep) const;
  // Newest first, at most `limit`.
  result<std::vector<refused_report>> refused(std::size_t limit) const;

 private:
  const engine& store_;
  organisation_id organisation_;
};

}  // namespace kp::storage
