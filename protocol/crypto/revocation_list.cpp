#include "protocol/crypto/revocation_list.hpp"

#include "protocol/crypto/openssl.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace kp::crypto {

namespace {

using namespace detail;
using points_ptr = std::unique_ptr<CRL_DIST_POINTS, freed_by<CRL_DIST_POINTS_free>>;

std::optional<time_point> time_of(const ASN1_TIME* time) {
  std::tm fields{};
  if (!time || ASN1_TIME_to_tm(time, &fields) != 1) return std::nullopt;
  return time_point(std::chrono::seconds(timegm(&fields)));
}

void add_addresses(const DIST_POINT& point, std::vector<std::string>& to) {
  // A name relative to the issuer is a place in a directory, not on the web.
  if (!point.distpoint || point.distpoint->type != 0) return;
  const auto* names = point.distpoint->name.fullname;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI || to.size() >= most_revocation_addresses) continue;
    const auto* text = name->d.uniformResourceIdentifier;
    std::string address(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                        static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (address.starts_with("http://") || address.starts_with("https://"))
      to.push_back(std::move(address));
  }
}

}  // namespace

result<revocation_list> revocation_list::parse(std::string_view bytes) {
  clear_errors();
  const auto from = memory_bio(bytes);
  const bool is_text = bytes.starts_with("-----BEGIN");
  std::shared_ptr<X509_CRL> crl(is_text
                                    ? PEM_read_bio_X509_CRL(from.get(), nullptr, nullptr, nullptr)
                                    : d2i_X509_CRL_bio(from.get(), nullptr),
                                X509_CRL_free);
  if (!crl) return failure(crypto_errc::bad_format, "this is no certificate revocation list");
  clear_errors();
  if (!time_of(X509_CRL_get0_lastUpdate(crl.get())))
    return permanent(crypto_errc::bad_format, "a certificate revocation list without its time");
  return revocation_list(std::move(crl));
}

time_point revocation_list::made() const {
  return time_of(X509_CRL_get0_lastUpdate(crl_.get())).value_or(time_point{});
}

std::optional<time_point> revocation_list::next_comes() const {
  return time_of(X509_CRL_get0_nextUpdate(crl_.get()));
}

std::vector<std::string> revocation_addresses(const certificate& leaf) {
  std::vector<std::string> out;
  const points_ptr points(static_cast<CRL_DIST_POINTS*>(
      X509_get_ext_d2i(leaf.native(), NID_crl_distribution_points, nullptr, nullptr)));
  clear_errors();
  const int count = points ? sk_DIST_POINT_num(points.get()) : 0;
  for (int i = 0; i < count; ++i) add_addresses(*sk_DIST_POINT_value(points.get(), i), out);
  return out;
}

}  // namespace kp::crypto
