// The lists that a policy names as @file, read once each while it is being compiled. Paths are as
// seen from the folder of the policy file. One entry a line; `#` begins a comment; in hosts files
// ("0.0.0.0 bad.example") the address is skipped. One owner, one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conf/diagnostic.h"
#include "policy/host_table.h"

namespace weir {

struct ListLine {
  std::string_view text;
  Place place;
};

struct ListFile {
  std::string path;
  std::string content;
  std::vector<ListLine> lines;  // views into content
};

class ListFiles {
 public:
  ListFiles(Problems& policy, std::vector<Diagnostic>& out) : policy_(policy), out_(out) {}

  // The list `@name`, or null when it cannot be read, which is reported at `place`.
  const ListFile* open(std::string_view name, Place place);
  // The same list as a set of hosts, shared by all rules that name it.
  std::shared_ptr<const HostTable> hosts(std::string_view name, Place place);
  // Its hosts, each with this label.
  void add_hosts(std::string_view name, Place place, HostTable& table, std::uint32_t label);
  // A line that is no entry: said, then skipped, so that one bad line does not stop a reload.
  void skip(const ListFile& list, const ListLine& line, const std::string& why);

  const std::map<std::string, ListFile, std::less<>>& all() const { return files_; }

 private:
  Problems& policy_;
  std::vector<Diagnostic>& out_;
  std::map<std::string, ListFile, std::less<>> files_;  // by name as written; stable addresses
  std::map<std::string, std::shared_ptr<const HostTable>, std::less<>> tables_;
  std::map<std::string, int, std::less<>> skipped_;  // by path
  std::uint64_t bytes_ = 0;
};

}  // namespace weir
