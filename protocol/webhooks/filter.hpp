#pragma once

#include "config/ids.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kp::webhooks {

// What a filter looks at.
struct filtered {
  std::string_view status;  // "LEVERT"
  service via = service::unknown;
  direction way = direction::outgoing;
};

// The filter of a subscription (rest-api.md 10.2): name=value[,value...][&name=value...], parts
// ANDed, values ORed, compared ignoring case, nothing trimmed. Names are status, serviceIdentifier
// and direction, as spelled. Values are not checked: a misspelt one never matches.
class filter {
 public:
  filter() = default;  // matches everything
  static std::optional<filter> parse(std::string_view text);
  bool matches(const filtered&) const;

 private:
  enum class subject { status, service_identifier, direction };
  struct part {
    subject about;
    std::vector<std::string> values;
  };
  std::vector<part> parts_;
};

}  // namespace kp::webhooks
