// The facts of one transaction together with the strings that their views point into.
#pragma once

#include <string>

#include "core/url.h"
#include "feeds/reputation.h"
#include "inspect/intake.h"
#include "policy/policy.h"
#include "proxy/name_knowledge.h"
#include "proxy/transaction.h"
#include "proxy/transaction_record.h"

namespace weir {

class TransactionFacts {
 public:
  Facts facts;

  void set_client(const ClientContext& context, const Policy& policy, WallTime now);
  void set_request(const RequestHead& request, const Url& url, const Policy& policy,
                   const Index& index);
  // More of what lists say, once the connection is there.
  void add_reputation(Hits hits);
  // What the host's name tells; keeps it.
  void set_names(NameFacts names);
  void set_response(const ResponseHead& response, const RequestHead& request);
  void set_sniffed(FileType type);
  // What the artifact and its assessment say; `worst` may be null.
  void set_verdict(const Assessment& assessment, const std::string& sha256);

  const Reputation& reputation() const { return reputation_; }
  const NameFacts& names() const { return names_; }
  void add_site(std::string_view word);  // of a static word
  const std::string& url_text() const { return url_; }
  const std::string& name() const { return file_name_; }
  FileType sniffed() const { return sniffed_; }

 private:
  std::string host_, scheme_, url_, path_, method_, user_agent_;
  std::string content_type_, file_name_, sha256_, threat_, publisher_;
  std::vector<std::string> finding_names_;
  FileType sniffed_{};
  Reputation reputation_;
  NameFacts names_;
};

// For the event.
std::vector<ListingNote> notes_of(const Reputation& reputation);
NameNote note_of(const NameFacts& names);
// "listed by urlhaus as malware: evil.test"; "" for none.
std::string listing_text(const std::vector<ListingNote>& notes);

// Into the facts, whose views then point into both.
void set_reputation(Facts& facts, const Reputation& reputation);

}  // namespace weir
