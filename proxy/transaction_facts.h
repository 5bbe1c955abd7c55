// The facts of one transaction together with the strings that their views point into.
#pragma once

#include <string>

#include "core/url.h"
#include "inspect/intake.h"
#include "policy/policy.h"
#include "proxy/transaction.h"

namespace weir {

class TransactionFacts {
 public:
  Facts facts;

  void set_client(const ClientContext& context, const Policy& policy, WallTime now);
  void set_request(const RequestHead& request, const Url& url, const Policy& policy);
  void set_response(const ResponseHead& response, const RequestHead& request);
  void set_sniffed(FileType type);
  // What the artifact and its assessment say; `worst` may be null.
  void set_verdict(const Assessment& assessment, const std::string& sha256);

  const std::string& url_text() const { return url_; }
  const std::string& name() const { return file_name_; }
  FileType sniffed() const { return sniffed_; }

 private:
  std::string host_, scheme_, url_, path_, method_, user_agent_;
  std::string content_type_, file_name_, sha256_, threat_;
  std::vector<std::string> finding_names_;
  FileType sniffed_{};
};

}  // namespace weir
