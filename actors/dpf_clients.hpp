#pragma once

#include "actors/context.hpp"
#include "actors/upstream.hpp"
#include "protocol/dpf/svarinn.hpp"
#include "protocol/dpf/svarut.hpp"

#include <map>

namespace kp::actors {

// One organisation's clients of KS SvarUt and SvarInn: one for each account that it sends from, by
// the number of the organisation whose it is, and one for each receiver system, by its name. Made
// at first use. Lives on the network thread.
class dpf_clients {
 public:
  dpf_clients(std::shared_ptr<organisation_context> context, std::shared_ptr<upstream> clients);

  // Opens key stores and reads passwords, on a worker; awaited before anything below. Errors are
  // for an operator to cure, and retryable.
  http::awaitable<result<void>> ready();

  // nullptr where there is none: nobody else's is ever used instead.
  dpf::svarut* sender(const std::string& organisation) const;
  dpf::svarinn* receiver(const std::string& name) const;

  const organisation_context& in() const { return *context_; }
  const std::shared_ptr<organisation_context>& context() const { return context_; }
  hub_context& hub() const { return *context_->hub; }
  registry::client& registry() const { return clients_->registry(); }
  const crypto::keystore& keys() const { return clients_->keys(); }
  std::span<const crypto::keystore> decryption_keys() const { return clients_->decryption_keys(); }

 private:
  std::shared_ptr<organisation_context> context_;
  std::shared_ptr<upstream> clients_;
  std::map<std::string, std::unique_ptr<dpf::svarut>> senders_;
  std::map<std::string, std::unique_ptr<dpf::svarinn>> receivers_;
  bool made_ = false;
};

}  // namespace kp::actors
