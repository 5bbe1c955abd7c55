#include "inspect/formats/disk_image.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "inspect/formats/disk_bytes.h"
#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

// Makes disks with mkfs.fat, mtools and qemu-img: far too large to lie in the tree.
class DiskImage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-disk-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    run(R"(
mkdir files; printf 'short\n' > files/SHORT.TXT; seq 5000 > files/numbers.txt
printf 'deep\n' > files/deep.js; : > files/empty
fill() { mcopy -i "$1" files/SHORT.TXT ::; mmd -i "$1" "::A folder with a long name"
  mcopy -i "$1" files/numbers.txt "::A folder with a long name/Ünïcode numbers, all of them.txt"
  mmd -i "$1" "::A folder with a long name/two"
  mcopy -i "$1" files/deep.js files/empty "::A folder with a long name/two"; }
export MTOOLS_SKIP_CHECK=1 LC_ALL=C.UTF-8
make() { truncate -s "$2" "$1"; mkfs.fat $3 "$1" >/dev/null; fill "$1"; }
make fat12 1440K "-F 12"; make fat16 5M "-F 16 -s 1"; make fat32 36M "-F 32 -s 1"
# One MBR with a FAT partition at 1 MiB, one with NTFS' name there, one with a logical drive.
part() { printf '\000\000\000\000'"$1"'\000\000\000\000\010\000\000\000\100\000\000'; }
mbr() { truncate -s 1M "$1"; part "$2" | dd of="$1" bs=1 seek=446 conv=notrunc status=none
  printf '\125\252' | dd of="$1" bs=1 seek=510 conv=notrunc status=none; }
mbr mbr-fat '\016'; cat fat16 >> mbr-fat
mbr mbr-ntfs '\007'; truncate -s 2M mbr-ntfs
printf '\353\122\220NTFS    ' | dd of=mbr-ntfs bs=1 seek=1M conv=notrunc status=none
mbr mbr-bitlocker '\007'; truncate -s 2M mbr-bitlocker
printf '\353\130\220-FVE-FS-' | dd of=mbr-bitlocker bs=1 seek=1M conv=notrunc status=none
truncate -s 2M ext; mkfs.ext4 -q -F ext; truncate -s 2M blank
for f in fat16 mbr-fat mbr-ntfs ext blank; do
  qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on $f $f.fixed.vhd
  qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on $f $f.vhd
  qemu-img convert -f raw -O vhdx $f $f.vhdx
done
for f in vmdk qcow2 vdi; do qemu-img convert -f raw -O $f fat16 fat16.$f; done
qemu-img convert -f raw -O vmdk -o subformat=streamOptimized fat16 fat16.stream.vmdk
qemu-img convert -f raw -O qcow2 --object secret,id=s,data=secret \
  -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 fat12 sealed.qcow2
mksquashfs files files.squashfs -quiet >/dev/null
)");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static void run(const std::string& script) {
    const std::string command = "cd " + folder_ +
                                " && bash -e <<'END' >log 2>&1\nPATH=$PATH:/sbin:/usr/sbin\n" +
                                script + "\nEND\n";
    ASSERT_EQ(std::system(command.c_str()), 0) << bytes_of_file(folder_ + "/log");  // NOLINT
  }
  static std::string file(const std::string& name) { return bytes_of_file(folder_ + "/" + name); }

  static Opened files_under(const std::string& prefix) {
    std::string numbers;
    for (int i = 1; i <= 5000; ++i) numbers += std::to_string(i) + "\n";
    const std::string folder = prefix + "A folder with a long name/";
    return {{prefix + "SHORT.TXT", "short\n"},
            {folder + "Ünïcode numbers, all of them.txt", numbers},
            {folder + "two/deep.js", "deep\n"},
            {folder + "two/empty", ""}};
  }

 private:
  static inline std::string folder_;  // NOLINT: made once for the suite
};

TEST_F(DiskImage, OpensFatOfEachWidth) {
  for (const char* name : {"fat12", "fat16", "fat32"}) {
    EXPECT_EQ(said(examine_disk_image, file(name)), "") << name;
    EXPECT_EQ(opened(open_disk_image, file(name)), files_under("")) << name;
  }
}

TEST_F(DiskImage, OpensVirtualDisks) {
  for (const char* name : {"fat16.fixed.vhd", "fat16.vhd", "fat16.vhdx"}) {
    EXPECT_EQ(said(examine_disk_image, file(name)), "") << name;
    EXPECT_EQ(opened(open_disk_image, file(name)), files_under("")) << name;
  }
  for (const char* name : {"mbr-fat", "mbr-fat.fixed.vhd", "mbr-fat.vhd", "mbr-fat.vhdx"}) {
    EXPECT_EQ(said(examine_disk_image, file(name)), "") << name;
    EXPECT_EQ(opened(open_disk_image, file(name)), files_under("partition-1/")) << name;
  }
}

TEST_F(DiskImage, NamesWhatItCannotOpen) {
  const std::vector<std::pair<const char*, const char*>> table{
      {"ext", "unsupported disk-ext"},
      {"ext.fixed.vhd", "unsupported vhd-ext"},
      {"mbr-ntfs", "unsupported disk-ntfs"},
      {"mbr-ntfs.vhd", "unsupported vhd-ntfs"},
      {"mbr-ntfs.fixed.vhd", "unsupported vhd-ntfs"},
      {"mbr-ntfs.vhdx", "unsupported vhdx-ntfs"},
      {"mbr-bitlocker", "encrypted bitlocker"},
      {"blank", ""},
      {"blank.fixed.vhd", "unsupported vhd"},
      {"blank.vhd", "unsupported vhd"},
      {"blank.vhdx", "unsupported vhdx"},
      {"fat16.vmdk", "unsupported vmdk"},
      {"fat16.stream.vmdk", "unsupported vmdk"},
      {"fat16.qcow2", "unsupported qcow2"},
      {"fat16.vdi", "unsupported vdi"},
      {"sealed.qcow2", "encrypted qcow2-encrypted"},
      {"files.squashfs", "unsupported squashfs"},
  };
  for (const auto& [name, want] : table) {
    EXPECT_EQ(said(examine_disk_image, file(name)), want) << name;
    EXPECT_EQ(opened(open_disk_image, file(name)), Opened{}) << name;
  }
}

// The chain of a file in a loop, a directory that holds itself, a size beyond the disk.
TEST_F(DiskImage, EndsOnDamage) {
  std::string image = file("fat12");
  const std::size_t table = 512;
  std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(table) + 3, 4000, '\0');
  const Opened found = opened(open_disk_image, image);
  ASSERT_FALSE(found.empty());
  EXPECT_NE(std::ranges::find(found, std::pair("!"s, "corrupt"s)), found.end());
  for (std::size_t cut : {1UL, 500UL, 1000UL, 20'000UL, 40'000UL}) {
    opened(open_disk_image, image.substr(0, cut));
  }
  std::string vhd = file("fat16.vhd");
  vhd.resize(vhd.size() / 4);
  EXPECT_EQ(said(examine_disk_image, vhd), "");
  opened(open_disk_image, vhd);
}

TEST(DiskImages, TellsTrailersAndDescriptors) {
  const auto udif = [](const char* magic) {
    return std::string(4096, 'x') + magic + "\0\0\0\4\0\0\2\0"s + std::string(500, '\0');
  };
  std::string udf(64 * 2048, '\0');
  const auto put = [&](std::size_t sector, const std::string& id) {
    udf.replace(sector * 2048 + 1, id.size(), id);
  };
  put(16, "BEA01");
  put(17, "NSR03");
  put(18, "TEA01");
  const std::vector<std::tuple<const char*, std::string, const char*>> table{
      {"udif", udif("koly"), "unsupported dmg"},
      {"no udif", udif("kolx"), ""},
      {"udf", udf, "unsupported udf"},
      {"wim", "MSWIM\0\0\0"s + std::string(300, 'x'), "unsupported wim"},
      {"wim, a mention", "MSWIM is what it begins with", ""},
      {"appimage",
       "\x7F"
       "ELF\2\1\1\0AI\2"s +
           std::string(300, '\0'),
       "unsupported appimage"},
      {"elf",
       "\x7F"
       "ELF\2\1\1\0\0\0\0"s +
           std::string(300, '\0'),
       ""},
      {"cramfs",
       "\x45\x3D\xCD\x28"s + std::string(12, 'x') + "Compressed ROMFS" + std::string(99, 'x'),
       "unsupported cramfs"},
  };
  for (const auto& [name, bytes, want] : table) {
    EXPECT_EQ(said(examine_disk_image, bytes), want) << name;
  }
}

}  // namespace
}  // namespace weir
