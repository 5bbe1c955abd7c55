// The certificates that may vouch for publishers of programs: a PEM file (RFC 7468) of self-signed
// roots with any other text around them. Read once, before a worker is jailed; afterwards constant
// and shared. Any thread may ask. A mistake in the file is an error with its place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

struct x509_store_st;  // OpenSSL's X509_STORE

namespace weir {

class PublisherRoots {
 public:
  static constexpr std::size_t kMostFileBytes = 8 * 1024 * 1024;

  PublisherRoots() = default;  // none: nobody is ever proven
  // "publishers.pem:12:5: …" with `file` as the name.
  static Result<PublisherRoots> parse(std::string_view pem, const std::string& file);
  // "" = none.
  static Result<PublisherRoots> load(const std::string& file);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  x509_store_st* store() const { return store_.get(); }  // null when empty

 private:
  std::shared_ptr<x509_store_st> store_;
  std::size_t size_ = 0;
};

}  // namespace weir
