#include "storage/receipt_channels.hpp"

#include "storage/keys.hpp"
#include "storage/paging.hpp"
#include "storage/record_io.hpp"

namespace kp::storage {
namespace {

constexpr std::uint8_t newest = 1;

key_builder channels_of(organisation_id organisation) {
  return key_builder(organisation, record_kind::receipt_channel);
}

}  // namespace

template <class Archive, class Channel>
  requires std::same_as<std::remove_const_t<Channel>, receipt_channel>
void fields(Archive& a, Channel& c) {
  a(c.name, c.last_used);
}

std::string encode(const receipt_channel& c) {
  return encode_record(newest, c);
}

result<receipt_channel> decode_receipt_channel(std::string_view bytes) {
  return decode_record<receipt_channel>(bytes, newest, "receipt channel");
}

void receipt_channels::put(batch& b, const receipt_channel& c) const {
  b.put(channels_of(organisation_).text(c.name).str(), encode(c));
}

result<std::vector<receipt_channel>> receipt_channels::all() const {
  const auto prefix = channels_of(organisation_).str();
  std::vector<receipt_channel> found;
  KP_CHECK(walk(store_, prefix, prefix_end(prefix), scan_order::ascending,
                [&](const entry& at) -> result<bool> {
                  KP_TRY(auto each, decode_receipt_channel(at.value));
                  found.push_back(std::move(each));
                  return found.size() < most;
                }));
  return found;
}

}  // namespace kp::storage
