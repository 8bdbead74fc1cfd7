#include "storage/fiks_notes.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

key_builder notes_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::fiks_note);
}
key_builder parked_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::fiks_parked);
}

}  // namespace

template <class Archive, class Note>
  requires std::same_as<std::remove_const_t<Note>, fiks_note>
void fields(Archive& a, Note& n) {
  a(n.id, n.way, n.message, n.account, n.other, n.correlation, n.at);
}

template <class Archive, class Ref>
  requires std::same_as<std::remove_const_t<Ref>, blob_ref>
void fields(Archive& a, Ref& r) {
  a(r.id, r.size, r.sha256);
}

template <class Archive, class Parked>
  requires std::same_as<std::remove_const_t<Parked>, parked_delivery>
void fields(Archive& a, Parked& p) {
  a(p.id, p.account, p.headers, p.reason, p.body, p.at);
}

std::string encode(const fiks_note& n) {
  return encode_record(newest, n);
}

result<fiks_note> decode_fiks_note(std::string_view bytes) {
  return decode_record<fiks_note>(bytes, newest, "note of FIKS IO");
}

std::string encode(const parked_delivery& p) {
  return encode_record(newest, p);
}

result<parked_delivery> decode_parked_delivery(std::string_view bytes) {
  return decode_record<parked_delivery>(bytes, newest, "parked delivery of FIKS IO");
}

result<std::optional<fiks_note>> fiks_notes::find(std::string_view id) const {
  KP_TRY(const auto bytes, store_.get(notes_of(organisation_).text(id).str()));
  if (!bytes) return std::optional<fiks_note>();
  KP_TRY(auto note, decode_fiks_note(*bytes));
  return std::optional(std::move(note));
}

void fiks_notes::put(batch& b, const fiks_note& n) const {
  b.put(notes_of(organisation_).text(n.id).str(), encode(n));
}

result<std::size_t> fiks_notes::forget(batch& b, time_point before, std::size_t limit) const {
  const auto prefix = notes_of(organisation_).str();
  std::size_t forgotten = 0;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  KP_TRY(const auto each, decode_fiks_note(at.value));
                  if (each.at >= before) return true;
                  b.erase(at.key);
                  return ++forgotten < limit;
                }));
  return forgotten;
}

result<std::optional<parked_delivery>> parked_deliveries::find(std::string_view id) const {
  KP_TRY(const auto bytes, store_.get(parked_of(organisation_).text(id).str()));
  if (!bytes) return std::optional<parked_delivery>();
  KP_TRY(auto parked, decode_parked_delivery(*bytes));
  return std::optional(std::move(parked));
}

void parked_deliveries::put(batch& b, const parked_delivery& p) const {
  b.put(parked_of(organisation_).text(p.id).str(), encode(p));
}

void parked_deliveries::remove(batch& b, const parked_delivery& p) const {
  b.erase(parked_of(organisation_).text(p.id).str());
}

result<std::vector<parked_delivery>> parked_deliveries::all() const {
  const auto prefix = parked_of(organisation_).str();
  std::vector<parked_delivery> found;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  KP_TRY(auto each, decode_parked_delivery(at.value));
                  found.push_back(std::move(each));
                  return found.size() < most;
                }));
  return found;
}

}  // namespace kp::storage
