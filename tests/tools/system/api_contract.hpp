#pragma once

#include "tests/tools/system/rest_client.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace valijson {
class Schema;
}

namespace kp::test {

// An OpenAPI document held against what a hub answers.
class api_contract {
 public:
  explicit api_contract(boost::json::value document);
  ~api_contract();

  // Method in capitals and path template.
  using operation = std::pair<std::string, std::string>;
  std::vector<operation> operations() const;
  // The most literal path template that `path` (without query) fits; nullopt: none.
  std::optional<std::string> template_of(const std::string& path) const;

  // What the document does not say about this answer, one line each: its status, its type, and, for
  // JSON, where it leaves its schema. A member that the schema does not name is a line as well,
  // where the document leaves room for members to come.
  std::vector<std::string> judge(const std::string& method, const std::string& path,
                                 const rest_answer& answer);
  // As judge(), for a value of a schema of the document.
  std::vector<std::string> judge_value(const std::string& schema, const boost::json::value& value);

  // What judge() has been asked about: statuses by operation.
  const std::map<operation, std::set<unsigned>>& seen() const { return seen_; }

 private:
  const boost::json::object* response_of(const operation&, unsigned status) const;
  const boost::json::value& resolve(const boost::json::value&) const;

  boost::json::value document_;
  boost::json::value closed_;  // components whose objects have the named members only
  std::map<std::string, std::unique_ptr<valijson::Schema>> schemas_;
  std::map<operation, std::set<unsigned>> seen_;
};

}  // namespace kp::test
