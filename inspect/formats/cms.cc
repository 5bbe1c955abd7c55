#include "inspect/formats/cms.h"

#include <algorithm>
#include <string>

#include "core/cursor.h"
#include "inspect/formats/cms_kind.h"
#include "inspect/formats/cms_source.h"
#include "inspect/formats/sealed_base64.h"

namespace weir {
namespace {

constexpr std::size_t kDecodedHead = 64 * 1024;

void report_key(const Subject& file, std::string_view name, Remarks& remarks) {
  if (file.bytes.size() > kLargestKeyFile) return remarks.unseen(Reason::encrypted, name);
  remarks.sign(name, 0);
}

void report_kind(const Subject& file, CmsKind kind, Remarks& remarks) {
  switch (kind) {
    case CmsKind::enveloped:
    case CmsKind::signed_and_enveloped: return remarks.unseen(Reason::encrypted, "cms-enveloped");
    case CmsKind::auth_enveloped: return remarks.unseen(Reason::encrypted, "cms-auth-enveloped");
    case CmsKind::encrypted: return remarks.unseen(Reason::encrypted, "cms-encrypted");
    case CmsKind::pkcs12: return report_key(file, "pkcs12", remarks);
    case CmsKind::pkcs8_encrypted: return report_key(file, "pkcs8-encrypted", remarks);
    default: return;
  }
}

// The OpenSSH key format (PROTOCOL.key of OpenSSH): magic, then the cipher's name.
bool is_sealed_ssh_key(std::string_view body) {
  constexpr std::string_view kMagic("openssh-key-v1\0", 15);
  const std::string key = decode_base64_head(body, 64);
  if (!key.starts_with(kMagic)) return false;
  Cursor in(as_bytes(key).subspan(kMagic.size()));
  const std::string_view cipher = as_text(in.take(in.u32be()));
  return in.ok() && cipher != "none";
}

void examine_pem_key(const Subject& file, Remarks& remarks) {
  std::string_view body;
  const std::string_view label = pem_label(as_text(file.bytes), body);
  if (!label.ends_with("PRIVATE KEY")) return;
  if (label == "OPENSSH PRIVATE KEY") {
    if (is_sealed_ssh_key(body)) report_key(file, "ssh-key-encrypted", remarks);
    return;
  }
  // RFC 1421 section 4.6.1.1, as OpenSSL writes it.
  constexpr std::string_view kMark = "Proc-Type: 4,ENCRYPTED";
  if (body.substr(0, 256).find(kMark) != std::string_view::npos) {
    report_key(file, "pem-key-encrypted", remarks);
  }
}

}  // namespace

void examine_cms(const Subject& file, Remarks& remarks) {
  std::string storage;
  const CmsInfo info = read_cms(cms_der(file.bytes, kDecodedHead, storage));
  report_kind(file, info.kind, remarks);
  // Signed around encrypted, as older software does without MIME between them.
  if (info.kind == CmsKind::signed_data) report_kind(file, inner_of(info).kind, remarks);
  if (info.kind == CmsKind::none) examine_pem_key(file, remarks);
}

}  // namespace weir
