#pragma once

#include "protocol/amqp/channel.hpp"
#include "protocol/http/connection.hpp"

#include <proton/connection_driver.h>

#include <array>

namespace kp::amqp {

// One connection: the bytes of a socket through proton's engine, and its channels. Inside the room
// only.
class session : public std::enable_shared_from_this<session> {
 public:
  session(http::asio::io_context& network, std::unique_ptr<http::connection> on,
          const client_options& options);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  // Speaks from then on.
  void begin();
  // Until the other side has opened too. Errors: why it did not.
  http::awaitable<result<void>> opened(moment until);
  bool open() const { return !ended_ && !leaving_; }
  void end(error why);
  std::chrono::steady_clock::duration age() const;

  // Made when there is none. The reference is good as long as who holds it. Error: busy.
  result<std::shared_ptr<outlet>> out_to(const std::string& node);
  result<std::shared_ptr<inlet>> in_from(const std::string& node);
  result<std::shared_ptr<desk>> desk_at(const std::string& node);
  // Only one that is there already.
  std::shared_ptr<inlet> known_inlet(const std::string& node) const;

  // What was told to proton goes out. Never from within channel::happened() or delivered().
  void flush();

  http::asio::io_context& network() { return network_; }
  const client_options& options() const { return options_; }
  pn_connection_t* connection() { return driver_.connection; }
  bool alive() const { return !ended_; }
  std::uint64_t next_number() { return ++last_number_; }  // for names of links

 private:
  template <class T>
  result<std::shared_ptr<T>> channel_of(std::map<std::string, std::shared_ptr<T>>& all,
                                        const std::string& node);
  template <class F>
  void for_channels(F each);
  template <class F>
  void drop_channels_if(F wanted);
  bool make_room();
  void process();
  void happened(pn_event_t*);
  void take(std::size_t count);
  void write_if_idle();
  void look_after();
  static http::awaitable<void> read(std::shared_ptr<session> self);
  static http::awaitable<void> write(std::shared_ptr<session> self);
  static http::awaitable<void> keep(std::shared_ptr<session> self);

  http::asio::io_context& network_;
  std::unique_ptr<http::connection> on_;
  const client_options options_;
  pn_connection_driver_t driver_;
  http::asio::steady_timer pulse_;
  bell bell_;
  std::array<char, 64 * 1024> in_;
  std::string out_;
  bool writing_ = false;
  moment write_began_{};
  const moment born_;
  moment last_used_;
  bool opened_ = false, leaving_ = false;
  std::uint64_t last_number_ = 0;
  std::optional<error> ended_;
  std::map<std::string, std::shared_ptr<outlet>> outlets_;
  std::map<std::string, std::shared_ptr<inlet>> inlets_;
  std::map<std::string, std::shared_ptr<desk>> desks_;
};

}  // namespace kp::amqp
