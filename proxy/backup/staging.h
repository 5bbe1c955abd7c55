// A folder of our own beside a path, gone again at the end; and what backup and restore both do to
// files. Private to proxy/backup.
#pragma once

#include <map>
#include <string>

#include "core/passphrase.h"
#include "core/random.h"
#include "core/result.h"

namespace weir {

class Staging {
 public:
  static Result<Staging> beside(const std::string& path, Random& random);  // mode 0700
  Staging(Staging&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Staging& operator=(Staging&&) = delete;
  ~Staging();
  const std::string& path() const { return path_; }

 private:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Mode 0600, folders above it 0700.
Result<void> copy_plain_file(const std::string& from, const std::string& to);
Result<std::string> sha256_of_file(const std::string& path);

// Small files by name, as one sealed file.
using Secrets = std::map<std::string, std::string>;
Result<void> seal_secrets(const Secrets& secrets, const PassphraseKey& key, const std::string& file,
                          Random& random);
// denied: another passphrase, or the file was changed.
Result<Secrets> unseal_secrets(const PassphraseKey& key, const std::string& file);

}  // namespace weir
