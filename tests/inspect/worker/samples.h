// Samples for the worker's tests, built at run time so that no alarm lies in the tree. Archives are
// written by libarchive, encrypted ones by the 7zz and zip programs.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"

namespace weir {

// The EICAR test file, which must not stand in the source in one piece.
inline std::string eicar() {
  std::string text = R"(X5O!P%@AP[4\PZX54(P^)7CC)7})";
  text += "$EICAR-STANDARD-ANTIVIRUS";
  text += "-TEST-FILE!$H+H*";
  return text;
}

// Text that packs well and is no alarm.
inline std::string plain_text(std::size_t size = 2000) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size()) + " of nothing\n";
  return text;
}

using Members = std::vector<std::pair<std::string, std::string>>;

struct Packing {
  int (*format)(archive*) = archive_write_set_format_zip;
  int (*filter)(archive*) = nullptr;
  bool stored = false;  // zip without compression
};

inline std::string pack(const Members& members, const Packing& how = {}) {
  struct FreeWriter {
    void operator()(archive* writer) const { archive_write_free(writer); }
  };
  std::size_t most = 1U << 20;
  for (const auto& [name, content] : members) most += content.size() + 4096;
  std::string bytes(most, '\0');
  std::size_t used = 0;
  const std::unique_ptr<archive, FreeWriter> writer(archive_write_new());
  EXPECT_EQ(how.format(writer.get()), ARCHIVE_OK);
  if (how.filter != nullptr) EXPECT_EQ(how.filter(writer.get()), ARCHIVE_OK);
  if (how.stored) archive_write_set_options(writer.get(), "zip:compression=store");
  archive_write_set_bytes_per_block(writer.get(), 0);
  EXPECT_EQ(archive_write_open_memory(writer.get(), bytes.data(), bytes.size(), &used), ARCHIVE_OK);
  for (const auto& [name, content] : members) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    EXPECT_EQ(archive_write_header(writer.get(), entry), ARCHIVE_OK);
    archive_write_data(writer.get(), content.data(), content.size());
    archive_entry_free(entry);
  }
  EXPECT_EQ(archive_write_close(writer.get()), ARCHIVE_OK);
  bytes.resize(used);
  return bytes;
}

inline std::string zip_of(const std::string& name, const std::string& content) {
  return pack({{name, content}});
}

// A directory of its own, gone at the end.
class TestDirectory {
 public:
  TestDirectory() {
    std::string path = (std::filesystem::temp_directory_path() / "weir-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    std::filesystem::permissions(path, std::filesystem::perms(0755));
    path_ = path;
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Runs a command in it.
  void run(const std::string& command) const {
    EXPECT_EQ(std::system(("cd '" + path_ + "' && " + command + " >/dev/null").c_str()), 0)
        << command;
  }

 private:
  std::string path_;
};

// One archive of `members` by a program: "zip -P pw", "7zz a -ppw".
inline std::string packed_by(const std::string& command, const std::string& archive_name,
                             const Members& members) {
  const TestDirectory directory;
  std::string names;
  for (const auto& [name, content] : members) {
    directory.write(name, content);
    names += " " + name;
  }
  directory.run(command + " " + archive_name + names);
  return directory.read(archive_name);
}

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace weir
