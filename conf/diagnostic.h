// A problem in a configuration file, for people and editors, and where such problems are collected.
// Plain values; one owner, one thread.
#pragma once

#include <string>
#include <vector>

namespace weir {

struct Diagnostic {
  std::string file;
  int line = 0, column = 0;  // 1-based; 0 = the whole file
  std::string message;       // what, where, and a suggestion when there is a near name
  bool warning = false;      // worth saying, but the file is used
  std::string text() const;  // "policy.yaml:3:7: unknown key 'hots' (did you mean 'host'?)"
};

// A line for each.
std::string text_of(const std::vector<Diagnostic>& problems);

// A place in a file, as parsing saw it.
struct Place {
  int line = 0, column = 0;
};

// The problems of one file while it is being read.
class Problems {
 public:
  Problems(std::string file, std::vector<Diagnostic>& out) : file_(std::move(file)), out_(out) {}

  void error(Place place, std::string message);
  void warn(Place place, std::string message);
  int errors() const { return errors_; }
  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::vector<Diagnostic>& out_;
  int errors_ = 0;
};

}  // namespace weir
