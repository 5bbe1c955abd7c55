// The signature in a program (P), the PKCS #7 of one by itself, with roots that vouch for the seeds
// (S), and the file of such roots (R). The first byte picks.
#include <cstdlib>

#include "inspect/formats/authenticode.h"
#include "inspect/formats/authenticode_chain.h"

namespace {

// One of the seeds has expired by then, and lives by its stamp.
constexpr std::int64_t kNow = 1'800'000'000;
constexpr char kRoots[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICzzCCAbegAwIBAgIUfbs1AbatjyxmQfPlVgAoHdyCQl8wDQYJKoZIhvcNAQEL\n"
    "BQAwFzEVMBMGA1UEAwwMU2lnbmluZyBSb290MB4XDTIwMDEwMTAwMDAwMFoXDTQ5\n"
    "MDEwMTAwMDAwMFowFzEVMBMGA1UEAwwMU2lnbmluZyBSb290MIIBIjANBgkqhkiG\n"
    "9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnbtyLSQ8F6WHTm8ONz2lSS2sUcxtUefJnHwn\n"
    "1+zrgXcGwzNC8QZiyOVLhsOCTCQgy2NMN8aSwWTwfByC76EuUMaSIcrdQqsmW5GF\n"
    "wz2bYClaUfEc6ouHiJge5xRkYjso7c/9ZM8PrXPvu8V4Di5qcKzGUE5mhgs5ZozL\n"
    "diXoR9UAYKTYQ1t5OSjRXOiL6/+tyAQPAMosD/RPDbX1jO4DIOGuL3elvT18rWkT\n"
    "st+kacrG5hyZFZudEV6najm2fLbGzmWUCrQAdJ96uu/5fHShZReyyAUzIdOG+kYu\n"
    "Tfd6rFd6mK3+S5MOt3zYINbXOdHAyMAkUwCdNa0HHzwtEdn67wIDAQABoxMwETAP\n"
    "BgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQCRLFjWRq3yOd3/W92o\n"
    "aCUxj60koA+ITr/NY1sbziNEpVhd5A2ka/Vbg2CibZJgjzxrAlL5L3kTpk4x8A9/\n"
    "kUSieR8Hv0yL5Fcr4B3uX8lKzp5Q6jLxIYaD+Rb5cS2Up/aIr4RjJdwtzn2OfFH9\n"
    "RzGFwJOM8edlPwutZK5SmZ9Ij63oKFZ8A7HvRhnAU1aDGy0w3JAWE3U0AB1WDsHv\n"
    "9DEHDOQrCkw4Mwsxt7GHn1EjBlkXAnK/ydMq9gNJDlX+9JHytd2tjfWxUsm2IR7M\n"
    "T4oiRQsMniOnaxt6DMQp1CjnhDLP9hWAC1s3iTVuLo/RgeXnCQ6jYQ/ReqXr6qVU\n"
    "w4Jh\n"
    "-----END CERTIFICATE-----\n"
    "-----BEGIN CERTIFICATE-----\n"
    "MIIC0TCCAbmgAwIBAgIUCil4LggSHi93INUDQEOiwfEW/CUwDQYJKoZIhvcNAQEL\n"
    "BQAwGDEWMBQGA1UEAwwNU3RhbXBpbmcgUm9vdDAeFw0yMDAxMDEwMDAwMDBaFw00\n"
    "OTAxMDEwMDAwMDBaMBgxFjAUBgNVBAMMDVN0YW1waW5nIFJvb3QwggEiMA0GCSqG\n"
    "SIb3DQEBAQUAA4IBDwAwggEKAoIBAQCrnv0+2d+JWkPp1biIEtovX8+GWfvkxbHO\n"
    "ADIC7ZfGIqup5IonDHaOon/QU8DjVA9vON/s44R9T/yXWFGEkjultcR5Yw/cwA/N\n"
    "eS8I4GK1jyRlf74CBkihN5BohjOCZVz05988hv5Xwq2tzY8h9vJzAJCWn67xWg2z\n"
    "NxiKDD339wPLdlCyVhHbeiHPNOLRnV72SOgwTNxudxEI3eM71O1NpbEkaXlRTg0t\n"
    "199f2iKbVHOlwSsv2lTY4TQ9VNkv6an11uCB1bxk/fQrL0Q28mDUuoGjbgyAUMxV\n"
    "8pP/dD1H0hz7eCcFJGMFfEWK0pm5ElZztshgbEhWVTDbyr5lh83VAgMBAAGjEzAR\n"
    "MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAD3x2QKrD4jAgzJa\n"
    "Qj348+hSZz6n03MDRVTIFk/dsCpgMgqk7H/3YFc8mxD9BUe4ktEQkyyAtY4XPKgU\n"
    "DDLZb4+kqdE4kFTvAxrquxo0z6+a9NsP30PKGUJ8zqCPdTe7EGuZ0p8/0aZTOoWb\n"
    "TjaqU1vlDlZbVOjTzHwwMkYF9LNFg4yjq0yfzKLpMZ2P2FHRQtdOt2pjVmH2nB0y\n"
    "hvJ1ohObyei5gJqw3PopUrZ0YZ5T71GTqAjOAbEW5SMdoapGXau3Zpo477x8bOG+\n"
    "E10E1xgq35IuAk/Tq6n9hdRSw+kQHSvVp3sGT0cHvmm+Pp63nmseAGBE9lcO1oFv\n"
    "YENe5/A=\n"
    "-----END CERTIFICATE-----\n";

void vouch(weir::ByteView bytes) {
  static const weir::PublisherRoots roots = *weir::PublisherRoots::parse(kRoots, "roots");
  const auto one = weir::read_spc_signature(bytes);
  if (!one) return;
  weir::signer_agrees(*one);
  weir::is_vouched_for(*one, roots, kNow);
  for (const auto& inner : weir::nested_signatures(*one)) {
    weir::is_vouched_for(inner, roots, kNow);
  }
}

void read_roots(weir::ByteView bytes) {
  const auto roots = weir::PublisherRoots::parse(weir::as_text(bytes), "roots.pem");
  if (roots && roots->empty()) abort();
}

void read_program(weir::ByteView bytes) {
  const weir::PublisherFact fact = weir::read_publisher(bytes, weir::PublisherRoots(), kNow);
  // Nobody is vouched for without roots, and only the proven have a name.
  if (fact.state == weir::SignatureState::proven || !fact.name.empty()) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const weir::ByteView bytes(data + 1, size - 1);
  if (data[0] == 'R') {
    read_roots(bytes);
  } else if (data[0] == 'S') {
    vouch(bytes);
  } else {
    read_program(bytes);
  }
  return 0;
}
