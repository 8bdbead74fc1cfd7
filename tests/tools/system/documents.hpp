#pragma once

#include <boost/json.hpp>

#include <chrono>
#include <functional>
#include <string>

// What clients write and wait for; for the tests of the program and for tools/crash.

namespace kp::test {

namespace json = boost::json;

inline const std::string administration = "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0";
inline const std::string answers = "urn:no:difi:profile:arkivmelding:response:ver1.0";

// An arkivmelding.xml that refers to `brev.pdf`.
std::string arkivmelding_xml();
// An SBD as a client gives it to create: no ids, no sender.
json::object new_document(const std::string& receiver, const std::string& process,
                          const std::string& type, json::object business_message);
json::object arkivmelding_to(const std::string& receiver, int security_level = 3);
// An SBD as it travels, with a message id, a conversation id and an hour to live.
json::object travelling_document(const std::string& sender, const std::string& receiver,
                                 const std::string& type = "arkivmelding",
                                 const std::string& standard = "arkivmelding:xsd");
std::string id_of(const json::value& document);
std::string new_uuid();
std::string random_bytes(std::size_t count);

// Whether `done` becomes true in time.
bool until(const std::function<bool()>& done,
           std::chrono::seconds longest = std::chrono::seconds(20));

}  // namespace kp::test
