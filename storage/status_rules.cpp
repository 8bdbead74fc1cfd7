#include "storage/status_rules.hpp"

#include <array>

namespace kp::storage {
namespace {

using names = std::uint32_t;  // a bit each

constexpr names opprettet = status_bit(status_name::opprettet);
constexpr names sendt = status_bit(status_name::sendt);
constexpr names mottatt = status_bit(status_name::mottatt);
constexpr names levert = status_bit(status_name::levert);
constexpr names lest = status_bit(status_name::lest);
constexpr names feil = status_bit(status_name::feil);
constexpr names utlopt = status_bit(status_name::levetid_utlopt);
constexpr names annet = status_bit(status_name::annet);
constexpr names inn_mottatt = status_bit(status_name::innkommende_mottatt);
constexpr names inn_levert = status_bit(status_name::innkommende_levert);
constexpr names none = 0;

// Whatever comes after it or instead of it, of a service that knows MOTTATT and LEST.
constexpr names from_levert = levert | lest | feil | utlopt | annet;
constexpr names from_mottatt = mottatt | from_levert;
constexpr names from_sendt = sendt | from_mottatt;

// What may follow each status of a message on its way out, and which end the polling for more.
struct service_rules {
  names after_opprettet, after_sendt, after_mottatt, after_levert, after_lest, after_feil,
      after_utlopt, after_annet;
  bool polled;         // from SENDT
  names ends_polling;  // beside LEST, FEIL and LEVETID_UTLOPT
};

// 12.3. A message whose lifetime has passed here may have arrived nevertheless: the receiver's word
// is taken (12.2 rule 2). ANNET says nothing about how far a message has come.
//
// DPO: a receipt may be of failure, also about a message that has been delivered.
constexpr service_rules dpo{from_sendt, from_mottatt,         from_levert, lest | feil, none,
                            none,       levert | lest | feil, from_sendt,  false,       none};
// DPE: no receipts, so LEVERT is the end.
constexpr service_rules dpe{from_sendt & ~lest,
                            from_mottatt & ~lest,
                            from_levert & ~lest,
                            none,
                            none,
                            none,
                            levert,
                            from_sendt & ~lest,
                            false,
                            none};
// DPF: LEVERT at hand-over; the reference may turn out to be lost while LEST is waited for.
constexpr service_rules dpf{(from_sendt & ~mottatt),
                            from_levert,
                            from_levert,
                            lest | feil | annet,
                            none,
                            none,
                            levert | lest,
                            from_sendt & ~mottatt,
                            true,
                            none};
// DPFIO: all at hand-over; FIKS may say later that it was too late or in vain.
constexpr service_rules dpfio{from_sendt & ~lest,
                              from_mottatt & ~lest,
                              from_levert & ~lest,
                              feil | utlopt,
                              none,
                              none,
                              levert | feil,
                              from_sendt & ~lest,
                              false,
                              none};
// DPV: purged (ANNET) also when it lay there unread.
constexpr service_rules dpv{
    from_sendt & ~mottatt, from_levert,           from_levert, lest | annet, none, none,
    levert | lest,         from_sendt & ~mottatt, true,        none};
// DPI: a notification may fail (FEIL) while the letter is delivered and read; print comes back.
constexpr service_rules dpi{from_sendt, from_mottatt,    from_levert,          lest | feil | annet,
                            none,       levert | lest,   levert | lest | feil, from_sendt,
                            true,       mottatt | levert};
// DPH: the application receipt (LEVERT or FEIL) is the last word, also when it comes late.
constexpr service_rules dph{from_sendt & ~lest,
                            from_mottatt & ~lest,
                            from_levert & ~lest,
                            none,
                            none,
                            none,
                            levert | feil,
                            from_sendt & ~lest,
                            true,
                            levert};
constexpr service_rules other{from_sendt, from_mottatt,  from_levert, lest,  none,
                              none,       levert | lest, from_sendt,  false, none};

const service_rules& rules_of(service via) {
  switch (via) {
    case service::dpo:
      return dpo;
    case service::dpe:
      return dpe;
    case service::dpf:
      return dpf;
    case service::dpfio:
      return dpfio;
    case service::dpv:
      return dpv;
    case service::dpi:
      return dpi;
    case service::dph:
      return dph;
    case service::unknown:
      return other;
  }
  return other;
}

names after(const service_rules& rules, names one) {
  switch (one) {
    case opprettet:
      return rules.after_opprettet;
    case sendt:
      return rules.after_sendt;
    case mottatt:
      return rules.after_mottatt;
    case levert:
      return rules.after_levert;
    case lest:
      return rules.after_lest;
    case feil:
      return rules.after_feil;
    case utlopt:
      return rules.after_utlopt;
    case annet:
      return rules.after_annet;
    default:
      return none;
  }
}

constexpr names ends = levert | lest | feil | utlopt | inn_levert;
constexpr names ends_every_polling = lest | feil | utlopt | inn_levert;
constexpr names outgoing_names = sendt | mottatt | levert | lest | feil | utlopt | annet;

// What arrives, over any service: OPPRETTET, INNKOMMENDE_MOTTATT, then one end.
bool may_register_incoming(names registered, names next) {
  constexpr names incoming_ends = inn_levert | feil | utlopt;
  if ((registered & incoming_ends) != 0) return false;
  return (next & (inn_mottatt | incoming_ends)) != 0;
}

// Every status that is there must let it follow, in whatever order they came.
bool may_register_outgoing(const service_rules& rules, names registered, names next) {
  for (names one = opprettet; one <= annet; one <<= 1)
    if ((registered & one) != 0 && (after(rules, one) & next) == 0) return false;
  return true;
}

}  // namespace

bool arrived(const conversation& c) {
  return c.way == direction::incoming || (c.statuses & inn_mottatt) != 0;
}

bool may_register(const conversation& c, status_name name) {
  const auto next = status_bit(name);
  if ((c.statuses & next) != 0) return false;
  if (next == opprettet) return c.statuses == 0;
  if (c.way == direction::incoming) return may_register_incoming(c.statuses, next);
  // A message of a channel to itself has one conversation, which goes both ways (12.5).
  if ((next & outgoing_names) == 0) return may_register_incoming(c.statuses, next);
  return may_register_outgoing(rules_of(c.via), c.statuses, next);
}

bool finishes(status_name name) {
  return (status_bit(name) & ends) != 0;
}

bool pollable_after(const conversation& c, status_name name) {
  if (c.way != direction::outgoing) return c.pollable;
  const auto& rules = rules_of(c.via);
  const auto registered = status_bit(name);
  if ((registered & (ends_every_polling | rules.ends_polling)) != 0) return false;
  return c.pollable || (registered == sendt && rules.polled);
}

}  // namespace kp::storage
