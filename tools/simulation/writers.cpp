#include "tools/simulation/clients.hpp"
#include "tools/simulation/marks.hpp"
#include "tools/simulation/town.hpp"

#include <boost/json.hpp>

namespace kp::simulation {

namespace {

using namespace std::chrono_literals;
using namespace kp::actors;
namespace json = boost::json;

constexpr std::string_view xml =
    R"(<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding" )"
    R"(xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><system>S</system>)"
    R"(<meldingId>3380ed76-5d4c-43e7-aa70-8ed8d97e4835</meldingId>)"
    R"(<tidspunkt>2026-01-15T10:00:00</tidspunkt><antallFiler>1</antallFiler>)"
    R"(<mappe xsi:type="saksmappe"><systemID>43fbe161-7aac-4c9f-a888-d8167aab4144</systemID>)"
    R"(<tittel>Sak</tittel><basisregistrering xsi:type="journalpost">)"
    R"(<systemID>430a6710-a3d4-4863-8bd0-5eb1021bee45</systemID><dokumentbeskrivelse>)"
    R"(<tittel>Vedtak</tittel><dokumentobjekt><referanseDokumentfil>brev.pdf)"
    R"(</referanseDokumentfil></dokumentobjekt></dokumentbeskrivelse><tittel>)";
constexpr std::string_view xml_end =
    "</tittel><offentligTittel>V</offentligTittel><journalpostnummer>7</journalpostnummer>"
    "</basisregistrering></mappe></arkivmelding>";

std::string document_of(const letter& l) {
  const bool receipt = l.about.has_value();
  const std::string type = receipt ? "arkivmelding_kvittering" : "arkivmelding";
  const json::object scope{
      {"type", "ConversationId"},
      {"instanceIdentifier", l.conversation},
      {"identifier", receipt ? "urn:no:difi:profile:arkivmelding:response:ver1.0"
                             : "urn:no:difi:profile:arkivmelding:administrasjon:ver1.0"},
      {"scopeInformation",
       json::array{json::object{{"expectedResponseDateTime", format_timestamp(l.expires)}}}}};
  const json::object header{
      {"headerVersion", "1.0"},
      {"receiver",
       json::array{json::object{{"identifier", json::object{{"authority", "iso6523-actorid-upis"},
                                                            {"value", id_of(l.to).iso6523()}}}}}},
      {"documentIdentification",
       {{"standard", "urn:no:difi:arkivmelding:xsd::" + type},
        {"instanceIdentifier", l.id},
        {"typeVersion", "2.0"},
        {"type", type}}},
      {"businessScope", {{"scope", json::array{scope}}}}};
  const json::object message =
      receipt ? json::object{{"relatedToMessageId", *l.about},
                             {"receiptType", "OK"},
                             {"messages", json::array{}}}
              : json::object{{"sikkerhetsnivaa", 3}, {"hoveddokument", "brev.pdf"}};
  return json::serialize(json::object{{"standardBusinessDocumentHeader", header}, {type, message}});
}

// One letter, from its creation until it is sent or removed.
class writing : public std::enable_shared_from_this<writing> {
 public:
  writing(world& in, letter& l, std::function<void()> then)
      : in_(in), letter_(l), then_(std::move(then)) {
    if (in.on.chance.chance(40)) key_ = "key-" + l.id;
    multipart_ = !l.about && in.on.chance.chance(20);
    remove_ = !multipart_ && in.on.chance.chance(10);
  }

  void create() {
    if (multipart_) return create_multipart();
    in_.call(letter_.from, letter_.channel,
             {endpoint::create,
              "/api/messages/out",
              {},
              {},
              document_of(letter_),
              "application/json",
              {},
              key_},
             then([this](const auto& answer) { created(answer); }));
  }

 private:
  using maybe = std::optional<api_answer>;

  // Keeps this alive until the answer has been handled.
  template <class Handler>
  world::answered then(Handler handle) {
    return [me = shared_from_this(), handle](const maybe& answer) {
      if (answer) me->in_.on.say("{} hears {}", me->letter_.id, answer->status);
      handle(answer);
    };
  }
  void again(void (writing::*what)()) {
    think(in_, 500ms, 15s, [me = shared_from_this(), what] { ((*me).*what)(); });
  }
  bool not_now(const maybe& answer, void (writing::*what)()) {
    if (answer && answer->status < 500 && answer->status != 409 && answer->status != 429)
      return false;
    // A failing disk may have kept it nevertheless.
    if (!answer || answer->status >= 500) unclear_ = true;
    again(what);
    return true;
  }
  bool says(const maybe& answer, std::string_view what) const {
    return answer->body.find(what) != std::string::npos;
  }
  bool expired() const { return in_.on.now() >= letter_.expires; }
  void end() { then_(); }
  void surprise(const char* doing, const maybe& answer) {
    in_.on.finding("{} {}: {} {}", doing, letter_.id, answer->status, answer->body);
  }

  void created(const maybe& answer) {
    if (not_now(answer, &writing::create)) return;
    const bool exists = unclear_ && says(answer, "MessageAlreadyExists");
    if (answer->status == 200 || exists) {
      if (answer->status == 200 && answer->body.find(letter_.id) == std::string::npos)
        surprise("create answers another id", answer);
      letter_.created = true;
      unclear_ = false;
      if (multipart_) return sent_too();
      if (letter_.about) return send();
      return upload();
    }
    if (expired()) return end();
    surprise("create", answer);
  }

  void create_multipart() {
    letter_.send_tried = true;
    multipart_send request;
    request.path = "/api/messages/out/multipart";
    request.sbd = document_of(letter_);
    request.idempotency_key = key_;
    request.blob_records = std::make_shared<storage::batch>();
    if (in_.hub)
      for (const auto& [name, bytes] : letter_.files) {
        multipart_file part{name, {}, type_of(name), {}, {}};
        part.content = in_.hub->blobs().add(*request.blob_records, id_of(letter_.from), bytes);
        if (name == "arkivmelding.xml") part.arkivmelding = bytes;
        request.files.push_back(std::move(part));
      }
    in_.ask<api_answer>(letter_.from, world::seat(letter_.channel), std::move(request),
                        then([this](const auto& answer) { created(answer); }));
  }
  void sent_too() {
    letter_.sent = true;
    end();
  }

  static std::string type_of(const std::string& name) {
    return name.ends_with(".xml") ? "application/xml" : "application/pdf";
  }
  void upload() {
    if (uploaded_ == letter_.files.size()) return remove_ ? remove() : send();
    const auto& [name, bytes] =
        *std::next(letter_.files.begin(), static_cast<std::ptrdiff_t>(uploaded_));
    upload_begin begin{"/api/messages/out/" + letter_.id,
                       letter_.id,
                       type_of(name),
                       fmt::format("attachment; filename=\"{}\"", name),
                       {},
                       bytes.size()};
    in_.ask<upload_admission>(
        letter_.from, world::seat(letter_.channel), std::move(begin),
        [me = shared_from_this(), this](const std::optional<upload_admission>& admission) {
          if (!admission) return again(&writing::upload);
          if (!admission->ticket) return uploaded(admission->refusal);
          stream(*admission->ticket);
        });
  }
  // What the gateway does with the body.
  void stream(const upload_ticket& ticket) {
    if (!in_.hub) return again(&writing::upload);
    const auto& bytes = letter_.files.at(ticket.filename);
    upload_end end{
        "/api/messages/out/" + letter_.id, ticket, {}, std::make_shared<storage::batch>(), {}};
    end.content = in_.hub->blobs().add(*end.blob_record, id_of(letter_.from), bytes);
    if (ticket.filename == "arkivmelding.xml") end.arkivmelding = bytes;
    in_.ask<api_answer>(letter_.from, world::seat(letter_.channel), std::move(end),
                        then([this](const auto& answer) { uploaded(answer); }));
  }
  void uploaded(const maybe& answer) {
    if (not_now(answer, &writing::upload)) return;
    if (answer->status == 200 || (unclear_ && says(answer, "DuplicateFilename"))) {
      ++uploaded_;
      unclear_ = false;
      return upload();
    }
    if (expired()) return end();
    surprise("upload", answer);
  }

  void send() {
    letter_.send_tried = true;
    in_.call(letter_.from, letter_.channel,
             {endpoint::send, "/api/messages/out/" + letter_.id, letter_.id, {}, {}, {}},
             then([this](const auto& answer) { sent(answer); }));
  }
  void sent(const maybe& answer) {
    if (not_now(answer, &writing::send)) return;
    // It may have left since an answer that was lost.
    if (answer->status == 200 || (unclear_ && answer->status == 404)) {
      letter_.sent = true;
      return end();
    }
    if (expired()) return end();
    surprise("send", answer);
  }

  void remove() {
    letter_.remove_tried = true;
    in_.call(letter_.from, letter_.channel,
             {endpoint::remove_out, "/api/messages/out/" + letter_.id, letter_.id, {}, {}, {}},
             then([this](const auto& answer) { removed(answer); }));
  }
  void removed(const maybe& answer) {
    if (not_now(answer, &writing::remove)) return;
    if (answer->status == 200 || (unclear_ && answer->status == 404)) {
      letter_.removed = true;
      return end();
    }
    if (expired()) return end();
    surprise("remove", answer);
  }

  world& in_;
  letter& letter_;
  std::function<void()> then_;
  std::optional<std::string> key_;
  bool multipart_ = false;
  bool remove_ = false;
  bool unclear_ = false;
  std::size_t uploaded_ = 0;
};

letter& new_letter(world& in, std::size_t from, std::size_t channel, std::size_t to) {
  auto& d = in.on.chance;
  letter l;
  l.from = from;
  l.channel = channel;
  l.to = to;
  l.mark = mark_of(from, to);
  l.id = marked_uuid(l.mark, d);
  l.conversation = marked_uuid(l.mark, d);
  // Some have hardly time enough.
  l.expires =
      in.on.now() + (d.chance(15) ? d.between(20s, 5min) : std::chrono::microseconds(letter_life));
  return in.all.letters.emplace(l.id, l).first->second;
}

void write_next(world& in, std::size_t organisation, std::size_t channel, unsigned left) {
  if (left == 0) return;
  think(in, 100ms, 3min, [&in, organisation, channel, left] {
    auto& d = in.on.chance;
    const auto to = (organisation + 1 + d.below(organisations.size() - 1)) % organisations.size();
    auto& l = new_letter(in, organisation, channel, to);
    l.files["arkivmelding.xml"] = std::string(xml) + l.mark + std::string(xml_end);
    l.files["brev.pdf"] = l.mark + d.hex(16 + d.below(200));
    std::make_shared<writing>(in, l, [&in, organisation, channel, left] {
      write_next(in, organisation, channel, left - 1);
    })->create();
  });
}

}  // namespace

void begin_writer(world& in, std::size_t organisation, std::size_t channel, unsigned letters) {
  write_next(in, organisation, channel, letters);
}

void write_receipt(world& in, std::size_t organisation, std::size_t channel, const letter& about) {
  auto& l = new_letter(in, organisation, channel, about.from);
  l.about = about.id;
  l.conversation = about.conversation;
  l.expires = in.on.now() + letter_life;
  std::make_shared<writing>(in, l, [] {})->create();
}

}  // namespace kp::simulation
