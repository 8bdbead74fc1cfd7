#pragma once

#include "actors/dpf_clients.hpp"
#include "actors/service_port.hpp"

#include <mutex>
#include <unordered_map>

// Receiving by SvarInn (dpf.md 9).

namespace kp::actors {

// What the systems of one organisation have listed, until it is receipted: what is fetched and
// receipted goes by the system that listed it. Safe to use from several threads.
class svarinn_letters {
 public:
  struct letter {
    std::string system;
    result<dpf::received> what;
  };
  void replace(std::vector<letter> listed);
  std::optional<letter> find(const std::string& id) const;
  void forget(const std::string& id);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, letter> letters_;
};

// Asks every receiver system; one that fails hides none of the others. Fails when all do.
http::awaitable<result<std::vector<waiting>>> list_in_svarinn(
    std::shared_ptr<dpf_clients> on, std::shared_ptr<svarinn_letters> letters);
// Downloads, decrypts and translates to an arkivmelding.
http::awaitable<result<std::shared_ptr<fetched>>> fetch_from_svarinn(
    std::shared_ptr<dpf_clients> on, std::shared_ptr<svarinn_letters> letters, waiting which);
// The receipt that lets the sender see it as read; for what is given up, the one that lets KS
// deliver it in another way.
http::awaitable<result<void>> receipt_to_svarinn(std::shared_ptr<dpf_clients> on,
                                                 std::shared_ptr<svarinn_letters> letters,
                                                 waiting which, taken how);

}  // namespace kp::actors
