#pragma once

#include <boost/json/value.hpp>

#include <string>

// What a person reads, made of the admin listener's JSON. What is absent there is left out here.

namespace kp::ctl {

std::string show_organisations(const boost::json::value&);
std::string show_channels(const boost::json::value&);
std::string show_queues(const boost::json::value&);
std::string show_messages(const boost::json::value&);
std::string show_message_changed(const boost::json::value&);
std::string show_services(const boost::json::value&);
std::string show_service(const boost::json::value&);
std::string show_webhooks(const boost::json::value&);
std::string show_seats(const boost::json::value&);
std::string show_seat_moved(const boost::json::value&);
std::string show_message(const boost::json::value&);
std::string show_statistics(const boost::json::value&);
std::string show_reports(const boost::json::value&);
std::string show_probe(const boost::json::value&);
std::string show_added(const boost::json::value&);
// Anything: a line for each member, members of members indented.
std::string show_tree(const boost::json::value&);

}  // namespace kp::ctl
