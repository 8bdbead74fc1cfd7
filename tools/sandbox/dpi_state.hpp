#pragma once

#include "config/random.hpp"
#include "tools/sandbox/ca.hpp"
#include "tools/sandbox/citizens.hpp"
#include "tools/sandbox/jwt.hpp"
#include "tools/sandbox/sandbox_clock.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What the access point, the mailbox providers and the printer of digital post keep (dpi.md 13).

namespace kp::sandbox {

inline constexpr std::size_t max_shipments = 100'000;
inline constexpr std::size_t max_receipts = 100'000;

struct transport_event {
  std::string status;  // OPPRETTET, SENDT, FEILET
  time_point at;
  std::string text;
};

struct shipment {
  std::string id, conversation, type;  // digital, utskrift
  std::string account;                 // supplier, or the consumer itself
  std::string consumer;
  std::string channel;  // lower case; "" without
  std::string sender_id, mailbox, receiver, title;
  boost::json::value document;
  std::string manifest;
  std::vector<std::pair<std::string, std::size_t>> files;
  std::vector<std::string> faults;  // what the provider has to say of the package
  std::vector<transport_event> statuses;
};

struct dpi_receipt {
  std::string id, jws, type, conversation;
  std::string account, channel, sender_id;
  std::string signer;  // certificate, PEM
  bool read = false;
};

// What becomes of shipments whose mailbox and title begin so; the first that fits.
struct dpi_rule {
  std::string mailbox, title;  // "": any
  std::vector<std::string> statuses{"OPPRETTET", "SENDT"};
  std::vector<std::string> receipts;  // types, in order
};

struct inbox_filter {
  std::string account;
  std::optional<std::string> channel, sender_id;
  std::size_t page = 0, page_size = 100;
};

// How a receipt is made; the defaults are a provider's usual ones.
struct receipt_form {
  std::string type = "leveringskvittering";
  unsigned bits = 512;  // RS512
  bool stray = false;   // signed by a certificate that nobody trusts
  bool second = false;  // signed by another certificate of the provider
  bool wrong_signature = false;
  bool invalid = false;      // does not fit its schema
  std::string conversation;  // another one than the shipment's
  std::string text;          // detaljer, beskrivelse
};

class dpi_state {
 public:
  dpi_state(const certificate_authority& ca, const sandbox_clock& time, random_source& random)
      : ca_(ca), time_(time), random_(random) {}

  bool enforce_channel_length = false;
  unsigned unknown_status = 404;  // of GET statuses: 404, 204 or 200 with []
  std::vector<dpi_rule> rules;

  // The keys of mailboxes and of the printer; made when first asked for.
  result<const issued_certificate*> mailbox();
  result<const issued_certificate*> printer();
  static constexpr std::string_view printer_number = "974761076";

  bool knows(std::string_view id) const { return shipments_.contains(std::string(id)); }
  bool full() const { return shipments_.size() >= max_shipments; }
  // Keeps it, with the statuses and receipts of the first rule that fits.
  result<void> accept(shipment);
  shipment* find(std::string_view id);
  std::vector<const shipment*> shipments() const;

  result<const dpi_receipt*> add_receipt(const shipment&, const receipt_form&);
  std::vector<const dpi_receipt*> inbox(const inbox_filter&) const;
  const std::deque<dpi_receipt>& receipts() const { return receipts_; }
  // Unread and of this account; nullptr otherwise.
  dpi_receipt* unread(std::string_view id, std::string_view account);
  void clear();

 private:
  result<issued_certificate> make_certificate(std::string_view number, const char* name) const;
  boost::json::object receipt_document(const shipment&, const receipt_form&, const std::string& id);

  const certificate_authority& ca_;
  const sandbox_clock& time_;
  random_source& random_;
  result<const issued_certificate*> signer_of(const shipment&, const receipt_form&);

  std::optional<issued_certificate> mailbox_, printer_, stray_, second_;
  std::map<std::string, shipment> shipments_;
  std::vector<std::string> order_;
  std::deque<dpi_receipt> receipts_;
};

}  // namespace kp::sandbox
