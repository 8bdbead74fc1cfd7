#pragma once

#include "tools/crash/model.hpp"
#include "tools/crash/place.hpp"

#include <stop_token>
#include <string>
#include <thread>

namespace kp::crash {

// Makes the sandbox know the organisations beside DPO at every service, and their counterparts: a
// company, eInnsyn, a resident and a general practitioner. What is not answered by a rule of the
// sandbox is answered by `counterparts`.
void introduce_counterparts(place&);
// What an organisation beside DPO has in its file under `services`, and its channel beside its
// name.
std::string services_beside_dpo(const organisation&);
std::string channel_beside_dpo(std::size_t organisation, const std::string& name,
                               const std::string& credential);

// The counterparts at work: the company reads its letters, eInnsyn takes what is in its queue and
// says so. What comes to them is held against the model.
class counterparts {
 public:
  counterparts(place&, model&, findings&);

  // A message from outside for one of the organisations.
  static void send(place&, model&, const std::shared_ptr<letter>&);

 private:
  void work(const std::stop_token&);
  void read_letters();
  void empty_queue();
  void take_publication(const boost::json::value& taken, const std::string& id);
  void take_answer(const boost::json::value& document, const std::string& id);
  std::shared_ptr<letter> judge(const std::string& step, const std::string& id,
                                const std::string& text);

  place& place_;
  model& model_;
  findings& findings_;
  boost::json::object keys_;  // of eInnsyn, as the sandbox takes them
  std::jthread thread_;       // the last one: it uses the others
};

}  // namespace kp::crash
