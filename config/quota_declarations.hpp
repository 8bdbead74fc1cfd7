#pragma once

#include "config/quota_settings.hpp"
#include "config/setting.hpp"

#include <string>

namespace kp {

// A kind whose value may be absent; the default is told in words.
template <class Kind, class T>
struct optional_kind {
  Kind kind;
  std::string type() const { return kind.type(); }
  std::string range() const { return kind.range(); }
  std::string show(const std::optional<T>&) const { return ""; }
  std::optional<T> read(const yaml_value& value, value_reader& reader) const {
    const auto given = kind.read(value, reader);
    if (!given) return std::nullopt;
    return static_cast<T>(*given);
  }
};

// `whose`: "all channels of the organisation together"; `fallback`: what holds when it is absent.
template <class T, class Place>
void declare_quota_limits(declarations<T>& all, const std::string& prefix, Place place,
                          const std::string& whose, const std::string& fallback) {
  const setting_traits absent{.fallback = fallback};
  all.add(
      prefix + "requests_per_second", optional_kind<integer_kind, std::uint64_t>{{1, 1'000'000}},
      [place](auto& s) -> auto& { return place(s).requests_per_second; },
      "Requests to the REST API per second, " + whose + "; more are answered 429.", absent);
  all.add(
      prefix + "bytes_stored", optional_kind<size_kind, std::uint64_t>{{1, 1ull << 50}},
      [place](auto& s) -> auto& { return place(s).bytes_stored; },
      "Attachments that clients have uploaded and the hub still keeps, " + whose +
          "; more are answered 429.",
      absent);
  all.add(
      prefix + "messages_queued", optional_kind<integer_kind, std::uint64_t>{{1, 1'000'000'000}},
      [place](auto& s) -> auto& { return place(s).messages_queued; },
      "Messages that are created and not sent yet, " + whose + "; more are answered 429.", absent);
  all.add(
      prefix + "concurrent_uploads", optional_kind<integer_kind, std::uint64_t>{{1, 1'000'000}},
      [place](auto& s) -> auto& { return place(s).concurrent_uploads; },
      "Uploads at a time, " + whose + "; more are answered 429.", absent);
}

template <class T, class Place>
void declare_quotas(declarations<T>& all, Place place, const std::string& switch_fallback,
                    const std::string& fallback) {
  all.add("quotas.dry_run", optional_kind<switch_kind, bool>{},
          [place](auto& s) -> auto& { return place(s).dry_run; },
          "Whether what exceeds a quota is only counted and logged, not refused.",
          {.fallback = switch_fallback});
  declare_quota_limits(
      all, "quotas.organisation.", [place](auto& s) -> auto& { return place(s).organisation; },
      "all channels of an organisation together", fallback);
  declare_quota_limits(
      all, "quotas.channel.", [place](auto& s) -> auto& { return place(s).channel; },
      "each channel", fallback);
}

}  // namespace kp
