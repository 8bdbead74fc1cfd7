#pragma once

#include "config/admin_settings.hpp"
#include "protocol/api/page.hpp"
#include "protocol/http/server.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What the admin listener can be asked. A module (manage.hpp, organisations.hpp) adds its routes;
// the listener signs in, checks the role, finds the route and reads the body.

namespace kp::admin {

struct request {
  std::string method;
  std::string path;
  std::vector<std::string> variables;  // what the {}s of the pattern stand for, in order
  api::query query;
  std::string body;
  std::optional<admin_credential> user;  // who asks; absent only where `anybody` may
  std::string address;                   // from where

  // Who asks and from where, for logs and records.
  std::string by() const;
};

using answer = http::server_response;

// Who may ask. A user with the role `operate` may read as well.
enum class access { anybody, read, operate };

struct route {
  std::string method;  // GET answers HEAD too
  std::string path;    // "/admin/organisations/{}": a {} is one non-empty segment
  access needs = access::read;
  // On the network thread. What blocks goes to workers; actors are asked with ask() (bridge.hpp).
  std::function<http::awaitable<answer>(request)> handle;
  std::size_t max_body = 0;  // bytes; 0: a body is refused
};

class routes {
 public:
  void add(route one);

  struct found {
    const route* to = nullptr;
    std::vector<std::string> variables;
    std::string allow;  // without `to`: methods that the path has; empty: no such path
  };
  found find(std::string_view method, std::string_view path) const;

 private:
  struct entry {
    route what;
    std::vector<std::string> pattern;
  };
  std::vector<entry> all_;
};

answer json_answer(const boost::json::value& body, unsigned status = 200,
                   std::string_view type = "application/json");
// {"status", "error", "message"}: what is wrong and what to do.
answer problem_answer(unsigned status, std::string message);

}  // namespace kp::admin
