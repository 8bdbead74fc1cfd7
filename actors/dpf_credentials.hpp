#pragma once

#include "actors/credential_watch.hpp"
#include "actors/dpf_clients.hpp"

namespace kp::actors {

// How health names the credentials of an account that letters are sent from, and of a receiver
// system.
std::string name_of_account(const std::string& organisation);
std::string name_of_receiver(const std::string& system);

// Asks SvarUt with every account which types of letters it has (dpf.md 2.5).
http::awaitable<result<std::vector<credential_finding>>> check_svarut_accounts(
    std::shared_ptr<dpf_clients> on);

// Writes down whether SvarInn let a receiver system in.
void note_receiver(const dpf_clients& on, const std::string& system,
                   const std::optional<error>& failure);

}  // namespace kp::actors
