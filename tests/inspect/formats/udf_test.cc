// UDF images as genisoimage makes them, whole, cut, and with one field after the other broken.
#include "inspect/formats/udf.h"

#include <gtest/gtest.h>

#include <map>

#include "inspect/formats/disk_image.h"
#include "inspect/formats/udf_volume.h"
#include "tests/inspect/worker/samples.h"

namespace weir {
namespace {

using Files = std::map<std::string, std::string>;

// A bridge of ISO 9660 and UDF; `options` may hide files from one side.
std::string bridge(const std::string& options = "") {
  const TestDirectory work;
  work.run("mkdir -p in/folder/deep");
  work.write("in/readme.txt", "plain words\n");
  work.write("in/folder/deep/program.exe", std::string(300'000, 'x'));
  work.write("in/folder/empty", "");
  work.write("in/\xe5\x90\x8d\xe5\x89\x8d.txt", "UTF-16 in the image\n");
  work.run("genisoimage -quiet -input-charset utf-8 -udf -r " + options + " -o out.iso in");
  return work.read("out.iso");
}

struct Unpacked {
  Files files;
  std::vector<std::string> folders;
  Reason problem = Reason::none;
};

std::optional<Unpacked> unpack(const std::string& image) {
  auto problem = Reason::none;
  const auto container = open_udf({as_bytes(image), FileType::iso, {}}, problem);
  if (!container) return std::nullopt;
  Unpacked all;
  while (const auto member = container->next()) {
    if (!member->file) {
      all.folders.push_back(member->name);
      continue;
    }
    std::string& content = all.files[member->name];
    for (ByteView piece = container->read(); !piece.empty(); piece = container->read()) {
      content += as_text(piece);
      if (content.size() > (8U << 20)) break;
    }
    if (container->member_problem() != Reason::none) all.problem = container->member_problem();
  }
  if (container->problem() != Reason::none) all.problem = container->problem();
  return all;
}

TEST(Udf, GivesEveryFileWhole) {
  const auto all = unpack(bridge());
  ASSERT_TRUE(all);
  EXPECT_EQ(all->problem, Reason::none);
  EXPECT_EQ(all->files, (Files{{"readme.txt", "plain words\n"},
                               {"folder/deep/program.exe", std::string(300'000, 'x')},
                               {"folder/empty", ""},
                               {"\xe5\x90\x8d\xe5\x89\x8d.txt", "UTF-16 in the image\n"}}));
  EXPECT_EQ(all->folders, (std::vector<std::string>{"folder", "folder/deep"}));
}

// The side that Windows mounts may hold what the other does not.
TEST(Udf, SeesWhatTheOtherSideHides) {
  const auto all = unpack(bridge("-hide folder"));
  ASSERT_TRUE(all);
  EXPECT_TRUE(all->files.contains("folder/deep/program.exe"));
}

TEST(Udf, IsNotTakenForWhatItIsNot) {
  EXPECT_FALSE(unpack(""));
  EXPECT_FALSE(unpack(std::string(1U << 20, '\0')));
  const TestDirectory work;
  work.write("a.txt", "a");
  work.run("genisoimage -quiet -r -o out.iso a.txt");
  EXPECT_FALSE(says_udf(as_bytes(work.read("out.iso"))));
}

Reason reason_for(const std::string& image) {
  Remarks remarks;
  examine_disk_image({as_bytes(image), FileType::iso, {}}, remarks);
  for (const Remark& remark : remarks.all()) {
    if (remark.reason != Reason::none) return remark.reason;
  }
  return Reason::none;
}

TEST(Udf, WhatCannotBeReadIsSaid) {
  std::string image = bridge();
  EXPECT_EQ(reason_for(image), Reason::none);
  // Neither the anchor nor its copies.
  for (std::size_t at = 0; at + 2048 <= image.size(); at += 2048) {
    if (image.compare(at, 2, std::string("\x02\0", 2)) == 0) image[at] = '\x7f';
  }
  EXPECT_EQ(reason_for(image), Reason::unsupported);
}

TEST(Udf, SurvivesEveryCutAndDamage) {
  const std::string image = bridge();
  for (std::size_t size = 0; size < image.size(); size += 2048) unpack(image.substr(0, size));
  // Each byte of the structures, not of the files' content.
  for (std::size_t at = 256UL * 2048; at < std::min<std::size_t>(image.size(), 280UL * 2048);
       at += 7) {
    std::string damaged = image;
    damaged[at] = static_cast<char>(~damaged[at]);
    unpack(damaged);
  }
}

}  // namespace
}  // namespace weir
