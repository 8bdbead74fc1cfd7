#pragma once

#include "tools/sandbox/directory.hpp"
#include "tools/sandbox/dph_state.hpp"
#include "tools/sandbox/endpoint.hpp"
#include "tools/sandbox/http_types.hpp"

namespace kp::sandbox {

inline constexpr std::size_t max_dph_body = 50 * 1024 * 1024;

// The NHN adapter with an in-memory health network behind it (dph.md 2 to 7, 13).
class dph_http {
 public:
  dph_http(dph_state& state, const directory& known, const certificate_authority& ca,
           const issuer& maskinporten, const sandbox_clock& time)
      : state_(state), known_(known), ca_(ca), maskinporten_(maskinporten), time_(time) {}

  response handle(const route&, const request&);

 private:
  // Why a call is refused; becomes an ApiError.
  struct refusal {
    unsigned status = 500;
    std::string code = "X99", text = "Not able to process, try later. ErrorCode: E7777";
  };
  template <class T>
  using judged = std::expected<T, refusal>;
  struct signed_json {
    boost::json::object content;
    certificate signer;
  };

  judged<response> answer(const route&, const request&, const boost::json::object& claims,
                          boost::json::value& content);
  judged<response> send(const request&, const boost::json::object& claims,
                        boost::json::value& content);
  judged<std::string> take_message(const boost::json::object& sbd, const std::string& package,
                                   const boost::json::object& claims);
  judged<std::string> take_receipt(const boost::json::object& sbd);
  judged<response> statuses(const std::string& reference);
  judged<response> list(const request&, const boost::json::object& claims);
  judged<response> receive(const request&, const boost::json::object& claims,
                           boost::json::value& content);
  judged<response> read(const std::string& id, const request&, const boost::json::object& claims);
  judged<response> lookup(const std::string& identifier);

  judged<signed_json> opened(const std::string& jwe);
  judged<void> check_owner(const boost::json::object& claims, std::int64_t her_id) const;
  judged<std::int64_t> asked_her_id(const request&) const;
  judged<std::string> sealed(const health_message&, const certificate& to);
  judged<std::string> packed(const health_message&, const certificate& to);

  dph_state& state_;
  const directory& known_;
  const certificate_authority& ca_;
  const issuer& maskinporten_;
  const sandbox_clock& time_;
};

}  // namespace kp::sandbox
