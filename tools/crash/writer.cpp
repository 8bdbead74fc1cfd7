#include "tools/crash/writer.hpp"

#include "tests/tools/system/documents.hpp"
#include "tools/crash/contents.hpp"

#include <fmt/format.h>

namespace kp::crash {

namespace json = boost::json;

namespace {

class writing {
 public:
  writing(client& by, model& all, const std::shared_ptr<letter>& what)
      : client_(by), model_(all), letter_(what) {}

  void run() {
    if (letter_->plan.multipart) {
      if (create_multipart()) send();
      return;
    }
    if (!create()) return;
    for (const auto& [name, bytes] : letter_->files)
      if (!upload(name, bytes)) return;
    letter_->plan.removed ? remove() : send();
  }

 private:
  std::string step(const std::string& doing) const {
    return fmt::format("{} ({}): {}", letter_->name, letter_->id, doing);
  }
  bool finding(const std::string& doing, const std::string& expected,
               const test::rest_answer& answer) {
    if (answer.status != 0)  // else it has been told already
      client_.found().add(step(doing), expected, fmt::format("{} {}", answer.status, answer.body));
    return false;
  }
  test::header_fields keyed(test::header_fields headers) const {
    if (letter_->plan.keyed) headers["Idempotency-Key"] = letter_->key;
    return headers;
  }
  template <class Change>
  void note(Change change) {
    const std::scoped_lock lock(model_.mutex);
    change(*letter_);
  }

  // Whether the letter exists now.
  bool judge_create(const client::outcome& made, const std::string& doing) {
    const auto& answer = made.answer;
    if (answer.status == 200) {
      const auto id = test::id_of(answer.json());
      if (letter_->id.empty()) model_.name(letter_, id);
      if (id.empty() || id != letter_->id)
        return finding(doing, "the id " + letter_->id + " in the answer", answer);
    } else if (!made.unclear || letter_->plan.keyed || answer.status != 400 ||
               answer.text("exception").find("MessageAlreadyExists") == std::string::npos) {
      return finding(doing,
                     letter_->plan.keyed ? "200, whether repeated or not"
                                         : "200, or that it exists after an unclear answer",
                     answer);
    }
    note([](letter& l) { l.created = true; });
    return true;
  }

  bool create() {
    const auto body = json::serialize(document_of(*letter_));
    const auto headers = keyed({{"Content-Type", "application/json"}});
    const auto post = [&](const std::string& doing) {
      return judge_create(client_.insist(step(doing), "POST", "/api/messages/out", headers, body),
                          doing);
    };
    return post("create") && (!letter_->plan.again || post("create again"));
  }

  bool create_multipart() {
    std::string body;
    const auto part = [&](const std::string& name, const std::string& type,
                          const std::string& bytes) {
      body += "--grense\r\nContent-Disposition: form-data; name=" + name +
              "\r\nContent-Type: " + type + "\r\n\r\n" + bytes + "\r\n";
    };
    part("\"sbd\"", "application/json", json::serialize(document_of(*letter_)));
    for (const auto& [name, bytes] : letter_->files)
      part(fmt::format("\"{}\"; filename=\"{}\"", letter_->mark, name), content_type_of(name),
           bytes);
    body += "--grense--\r\n";
    const auto headers = keyed({{"Content-Type", "multipart/form-data; boundary=grense"}});
    note([](letter& l) { l.send_tried = true; });
    const auto post = [&](const std::string& doing) {
      return judge_create(
          client_.insist(step(doing), "POST", "/api/messages/out/multipart", headers, body), doing);
    };
    return post("multipart") && (!letter_->plan.again || post("multipart again"));
  }

  bool upload(const std::string& file, const std::string& bytes) {
    const auto disposition =
        fmt::format("attachment; name=\"{}\"; filename=\"{}\"", letter_->mark, file);
    const auto doing = "upload of " + file;
    const auto put = client_.insist(
        step(doing), "PUT", "/api/messages/out/" + letter_->id + "?title=" + letter_->mark,
        {{"Content-Type", content_type_of(file)}, {"Content-Disposition", disposition}}, bytes);
    if (put.answer.status == 200) return true;
    if (put.unclear && put.answer.status == 400 &&
        put.answer.text("exception").find("DuplicateFilename") != std::string::npos)
      return true;
    return finding(doing, "200, or that it is there after an unclear answer", put.answer);
  }

  void send() {
    note([](letter& l) { l.send_tried = true; });
    const bool sent_already = letter_->plan.multipart;
    const auto done = client_.insist(step("send"), "POST", "/api/messages/out/" + letter_->id);
    // It is no longer there once it has been sent.
    const bool gone = done.answer.status == 404 && (done.unclear || sent_already);
    if (done.answer.status != 200 && !gone) {
      finding("send", "200, or 404 when it may be sent already", done.answer);
      return;
    }
    note([](letter& l) { l.sent = true; });
  }

  void remove() {
    const auto path = "/api/messages/out/" + letter_->id;
    const auto done = client_.insist(step("delete"), "DELETE", path);
    if (done.answer.status != 200) {
      finding("delete", "200", done.answer);
      return;
    }
    note([](letter& l) { l.removed = true; });
    const auto there = client_.insist(step("look after the delete"), "GET", path);
    if (there.answer.status != 404) finding("look after the delete", "404", there.answer);
  }

  client& client_;
  model& model_;
  std::shared_ptr<letter> letter_;
};

}  // namespace

void write_receipt(client& by, model& all, const std::shared_ptr<letter>& about) {
  dice d(about->plan.seed + 1);
  auto made = std::make_shared<letter>();
  made->plan.from = by.number();
  made->plan.to = channels[about->plan.from].owner;
  made->name = "receipt of " + about->name;
  made->mark = mark_of(by.who().owner, made->plan.to);
  made->id = marked_uuid(made->mark, d);
  made->conversation = about->conversation;
  made->about = about;
  all.name(made, made->id);
  {
    const std::scoped_lock lock(all.mutex);
    all.receipts.push_back(made);
  }
  writing(by, all, made).run();
  const std::scoped_lock lock(all.mutex);
  about->read = made->sent;
}

void write_letter(client& by, model& all, const std::shared_ptr<letter>& what) {
  if (!what->id.empty()) all.name(what, what->id);
  writing(by, all, what).run();
}

}  // namespace kp::crash
