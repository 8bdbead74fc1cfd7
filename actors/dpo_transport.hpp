#pragma once

#include "actors/service_port.hpp"
#include "protocol/altinn/broker.hpp"

#include <functional>

namespace kp::actors {

// One message or status, ready to be packed and sent (dpo.md 4.2, 4.3, 6.2).
struct dpo_parcel {
  maskinporten::system_user as;
  std::string sender;           // "0192:910077473", the represented one
  std::string receiver;         // "0192:910075918"
  std::string receiver_number;  // "910075918", for the Service Registry
  std::string process;
  std::string document_type;                // documentIdentification.standard
  std::string message, conversation;        // for the log and for correlation
  std::string reference;                    // sendersFileTransferReference
  std::string sbd;                          // sbd.json
  std::vector<storage::stored_file> files;  // primary first, then by number; none: no asic.zip
};

// What the DPO adapter asks of the network. Every operation returns at once and calls `done`
// exactly once, on any thread, within the deadlines of the clients below. Safe to call from any
// thread.
class dpo_transport : public service_port {
 public:
  using user = maskinporten::system_user;

  service which() const final { return service::dpo; }
  // Makes the parcel and sends it.
  void send(sending what, done<result<sent_item>> then) final;

  // Packs, initializes and uploads; the file transfer's id. A new initialize at every call. Not
  // retryable: refusals of Broker that repeating does not cure, a receiver without certificate,
  // files that cannot be read back.
  virtual void send_parcel(dpo_parcel parcel, done<result<std::string>> then) = 0;

  virtual void search(user as, altinn::recipient_status,
                      done<result<std::vector<std::string>>>) = 0;
  virtual void overview(user as, std::string id, done<result<altinn::overview>>) = 0;

  // Downloads, opens, decrypts and stores the content as a blob whose record the arrival carries.
  virtual void download(user as, std::string id, done<std::shared_ptr<fetched>>) = 0;

  virtual void confirm_download(user as, std::string id, done<result<void>>) = 0;
};

}  // namespace kp::actors
