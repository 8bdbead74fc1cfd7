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

}  // namespace

template <class Archive, class Note>
  requires std::same_as<std::remove_const_t<Note>, fiks_note>
void fields(Archive& a, Note& n) {
  a(n.id, n.way, n.message, n.account, n.other, n.correlation, n.at);
}

std::string encode(const fiks_note& n) {
  return encode_record(newest, n);
}

result<fiks_note> decode_fiks_note(std::string_view bytes) {
  return decode_record<fiks_note>(bytes, newest, "note of FIKS IO");
}

result<std::optional<fiks_note>> fiks_notes::find(std::string_view id) const {
  return find_record(store_, notes_of(organisation_).text(id).str(), &decode_fiks_note);
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

}  // namespace kp::storage
