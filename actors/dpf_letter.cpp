#include "actors/dpf_letter.hpp"

#include "actors/arrived_content.hpp"
#include "actors/channel_arkivmelding.hpp"
#include "actors/dpo_content.hpp"
#include "config/config_error.hpp"
#include "config/log.hpp"
#include "protocol/asic/asic.hpp"
#include "protocol/dpf/contents.hpp"

namespace kp::actors {

namespace {

constexpr std::string_view xml_type = "text/xml";

// What SvarInn says of a letter may be at fault too.
std::shared_ptr<fetched> no(error why) {
  const bool letter = is_of_content(why) || why.code == config_errc::invalid_document;
  return not_fetched(letter ? fetch_verdict::unusable : fetch_verdict::failed, std::move(why));
}

class letter_opener {
 public:
  letter_opener(const organisation_context& in, const dpf::received& from,
                const dpf::receiving_rules& rules)
      : in_(in), from_(from), rules_(rules) {}

  result<std::shared_ptr<fetched>> open(const std::shared_ptr<const random_access_source>& cms,
                                        const crypto::keystore& signer,
                                        std::span<const crypto::keystore> keys) {
    KP_TRY(const auto plain, in_.hub->spools.make());
    sequential_source encrypted(cms);
    KP_CHECK(decrypt_content(encrypted, keys, plain));
    KP_TRY(auto contents, dpf::open_contents(from_, plain));
    for (const auto& warning : contents.warnings) warn(warning);
    const auto now = in_.hub->time.now();
    KP_TRY(auto xml, dpf::to_arkivmelding(from_, contents.references, now, in_.hub->random));
    auto answer = std::make_shared<fetched>();
    answer->verdict = fetch_verdict::arrived;
    auto& what = answer->what;
    what.sbd = dpf::to_sbd(from_, rules_, now);
    KP_TRY(auto document, sbd::parse(what.sbd, now));
    KP_TRY(const auto container, pack(std::move(xml), std::move(contents), document, signer));
    what.document = std::make_shared<const sbd::document>(std::move(document));
    what.state = storage::content_state::readable;
    sequential_source bytes(container);
    KP_CHECK(store_content(in_, bytes, what));
    return answer;
  }

 private:
  // As DPO's content looks, so that business systems meet no difference (dpf.md 9.7).
  result<std::shared_ptr<spool>> pack(std::string xml, dpf::received_files contents,
                                      const sbd::document& document,
                                      const crypto::keystore& signer) {
    std::vector<asic::file> files;
    const std::uint64_t size = xml.size();
    files.push_back({std::string(arkivmelding_filename), std::string(xml_type),
                     [text = std::move(xml)]() -> result<std::unique_ptr<byte_source>> {
                       return std::make_unique<string_source>(text);
                     },
                     size});
    for (auto& each : contents.files)
      files.push_back({each.filename, each.mime_type,
                       [this, open = each.open,
                        sha256 = each.sha256]() -> result<std::unique_ptr<byte_source>> {
                         KP_TRY(auto bytes, open());
                         return dpf::watch_hash(std::move(bytes), sha256, [this] {
                           warn("a file does not have the SHA-256 that SvarInn said");
                         });
                       },
                       each.size});
    KP_TRY(auto container, in_.hub->spools.make());
    const asic::manifest manifest{document.header.receiver.front().value,
                                  document.header.sender.front().value,
                                  std::string(arkivmelding_filename), std::string(xml_type)};
    KP_CHECK(asic::build(container, manifest, std::move(files), signer,
                         {crypto::digest_algorithm::sha256, in_.hub->random.uuid()}));
    return container;
  }

  void warn(std::string_view what) const {
    log(log_level::warning, "a letter of SvarInn is not what it was said to be",
        {{"organisation", in_.id().to_string()},
         {"service", "DPF"},
         {"message_id", from_.id},
         {"detail", what}});
  }

  const organisation_context& in_;
  const dpf::received& from_;
  const dpf::receiving_rules& rules_;
};

}  // namespace

std::shared_ptr<fetched> open_letter(const organisation_context& in, const dpf::received& from,
                                     const dpf::receiving_rules& rules,
                                     std::shared_ptr<const random_access_source> cms,
                                     const crypto::keystore& signer,
                                     std::span<const crypto::keystore> keys) {
  auto opened = letter_opener(in, from, rules).open(cms, signer, keys);
  return opened ? *std::move(opened) : no(opened.error());
}

}  // namespace kp::actors
