#include "core/file_type.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <span>
#include <string>

namespace weir {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(FileTypeNames, RoundTripAndAreDistinct) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFileTypeCount; ++i) {
    const auto type = static_cast<FileType>(i);
    EXPECT_TRUE(names.insert(file_type_name(type)).second) << file_type_name(type);
    EXPECT_EQ(file_type_from_name(file_type_name(type)), type);
  }
  EXPECT_EQ(file_type_name(FileType::seven_zip), "7z");
  EXPECT_EQ(file_type_name(FileType::java_class), "class");
  EXPECT_EQ(file_type_name(static_cast<FileType>(250)), "unknown");
  EXPECT_FALSE(file_type_from_name("exe"));
}

TEST(FileFamilies, RoundTrip) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(FileFamily::text); ++i) {
    const auto family = static_cast<FileFamily>(i);
    EXPECT_EQ(family_from_name(family_name(family)), family);
  }
  EXPECT_EQ(family_name(family_of(FileType::pe)), "executable");
  EXPECT_EQ(family_name(family_of(FileType::ooxml)), "document");
  EXPECT_EQ(family_name(family_of(FileType::unknown)), "other");
  EXPECT_FALSE(family_from_name("pe"));
}

TEST(CarriesCode, DoubtCountsAsYes) {
  EXPECT_TRUE(carries_code(FileType::unknown));
  EXPECT_TRUE(carries_code(static_cast<FileType>(250)));
  EXPECT_TRUE(carries_code(FileType::svg));
  EXPECT_TRUE(carries_code(FileType::zip));
  EXPECT_FALSE(carries_code(FileType::mp4));
  EXPECT_FALSE(carries_code(FileType::text));
  EXPECT_FALSE(carries_code(FileType::empty));
}

// A local file header with a stored entry, as much of it as matters here.
std::string zip_entry(std::string_view name, std::string_view data = "") {
  std::string entry = "PK\x03\x04\x14\0\0\0\0\0"s + std::string(16, '\0');
  entry += static_cast<char>(name.size());
  entry += "\0\0\0"s;
  entry += name;
  entry += data;
  return entry;
}

std::string padded(std::string text, std::size_t size) {
  text.resize(std::max(size, text.size()), '\0');
  return text;
}

std::string at(std::size_t offset, std::string_view bytes) {
  return std::string(offset, '\0') + std::string(bytes);
}

std::string mpeg_frames() {
  std::string frames = "\xff\xfb\x90\x00"s;  // MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes
  frames.resize(417, 'x');
  return frames + "\xff\xfb\x90\x00"s;
}

struct Case {
  std::string head;
  FileType want;
};

void check_heads(std::span<const Case> cases) {
  for (const auto& [head, want] : cases) {
    EXPECT_EQ(file_type_name(type_by_magic(as_bytes(head))), file_type_name(want))
        << head.substr(0, 40);
  }
}

TEST(TypeByMagic, Executables) {
  const Case cases[] = {
      {"MZ\x90\0"s, FileType::pe},
      {"MZ" + at(255, "ustar"), FileType::pe},  // what looks like tar is still run as a program
      {"\x7f"
       "ELF\x02\x01\x01",
       FileType::elf},
      {"\xcf\xfa\xed\xfe\x07\0\0\x01"s, FileType::macho},
      {"\xfe\xed\xfa\xce\0\0\0\x12"s, FileType::macho},
      {"\xca\xfe\xba\xbe\0\0\0\x02"s, FileType::macho},
      {"\xca\xfe\xba\xbe\0\0\0\x34"s, FileType::java_class},
      {"dex\n035\0"s, FileType::dex},
      {"\0asm\x01\0\0\0"s, FileType::wasm},
      {"CWS\x0a\x10\x20\0\0\x78\x9c"s, FileType::swf},
      {"!<arch>\ndebian-binary   ", FileType::deb},
      {"\xed\xab\xee\xdb\x03\0"s, FileType::rpm},
      {"L\0\0\0\x01\x14\x02\0\0\0\0\0"s, FileType::lnk},
      {"ITSF\x03\0\0\0"s, FileType::chm},
  };
  check_heads(cases);
}

TEST(TypeByMagic, Archives) {
  const Case cases[] = {
      {zip_entry("a.txt"), FileType::zip},
      {"PK\x05\x06" + std::string(18, '\0'), FileType::zip},
      {zip_entry("META-INF/MANIFEST.MF"), FileType::jar},
      {zip_entry("META-INF/") + zip_entry("AndroidManifest.xml"), FileType::apk},
      {zip_entry("classes.dex"), FileType::apk},
      {zip_entry("[Content_Types].xml", "<Types/>"), FileType::ooxml},
      {zip_entry("docProps/app.xml") + zip_entry("_rels/.rels"), FileType::ooxml},
      {zip_entry("mimetype", "application/vnd.oasis.opendocument.text"), FileType::odf},
      {zip_entry("mimetype", "application/epub+zip") + zip_entry("META-INF/"), FileType::epub},
      {zip_entry("mimetype", "text/plain"), FileType::zip},
      {zip_entry("a") + zip_entry("mimetype", "application/epub+zip"), FileType::zip},
      {"7z\xbc\xaf\x27\x1c\0\x04"s, FileType::seven_zip},
      {"Rar!\x1a\x07\x01\0"s, FileType::rar},
      {"Rar!\x1a\x07\0"s, FileType::rar},
      {"\x1f\x8b\x08\0"s, FileType::gzip},
      {"BZh91AY&SY\0\0", FileType::bzip2},
      {"\xfd"
       "7zXZ\0\0"s,
       FileType::xz},
      {"\x28\xb5\x2f\xfd\x04", FileType::zstd},
      {"\x04\x22\x4d\x18\x64", FileType::lz4},
      {"MSCF\0\0\0\0\x10"s, FileType::cab},
      {at(257,
          "ustar\0"
          "00"sv),
       FileType::tar},
      {at(32769, "CD001"), FileType::iso},
      {"conectix\0\0"s, FileType::vhd},
      {"vhdxfileM\0"s, FileType::vhdx},
  };
  check_heads(cases);
}

TEST(TypeByMagic, Documents) {
  const Case cases[] = {
      {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileType::ole},
      {"%PDF-1.7\n", FileType::pdf},
      {"junk\n\x01\x02 %PDF-1.4", FileType::pdf},
      {std::string(1100, '\x01') + "%PDF-1.4", FileType::unknown},
      {"{\\rtf1\\ansi", FileType::rtf},
      {"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", FileType::onenote},
      {"Received: from a by b\r\n", FileType::eml},
      {"MIME-Version: 1.0\r\n", FileType::eml},
  };
  check_heads(cases);
}

TEST(TypeByMagic, Media) {
  const Case cases[] = {
      {"\x89PNG\r\n\x1a\n", FileType::png},
      {"\xff\xd8\xff\xe0", FileType::jpeg},
      {"GIF89a\x01", FileType::gif},
      {"RIFF\x10\0\0\0WEBPVP8 "s, FileType::webp},
      {"RIFF\x10\0\0\0WAVEfmt "s, FileType::wav},
      {"RIFF\x10\0\0\0AVI LIST"s, FileType::avi},
      {"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"s, FileType::bmp},
      {"\0\0\x01\0\x01\0\x10\x10\0\0"s, FileType::ico},
      {"\0\0\0\x18"
       "ftypavif"s,
       FileType::avif},
      {"\0\0\0\x18"
       "ftypheic"s,
       FileType::heif},
      {"\0\0\0\x18"
       "ftypisom"s,
       FileType::mp4},
      {"II*\0\x08\0\0\0"s, FileType::tiff},
      {"ID3\x04\0\0"s, FileType::mp3},
      {mpeg_frames(), FileType::mp3},
      {"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", FileType::webm},
      {"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", FileType::mkv},
      {"OggS\0\x02"s, FileType::ogg},
      {"fLaC\0\0\0\x22"s, FileType::flac},
      {"G" + std::string(187, '\xff') + "G" + std::string(187, '\xff') + "G", FileType::mpegts},
      {"wOFF\0\x01"s, FileType::woff},
      {"wOF2\0\x01"s, FileType::woff2},
      {"\0\x01\0\0\0\x0c"s, FileType::ttf},
      {"OTTO\0\x0c"s, FileType::otf},
  };
  check_heads(cases);
}

TEST(TypeByMagic, WebAndScripts) {
  const Case cases[] = {
      {"<!DOCTYPE html><p>", FileType::html},
      {" \r\n<HTML lang=en>", FileType::html},
      {"\xef\xbb\xbf<html>", FileType::html},
      {"\xff\xfe<\0h\0t\0m\0l\0>\0"s, FileType::html},
      {"\xfe\xff\0<\0h\0t\0m\0l\0>"s, FileType::html},
      {"<!-- x -->", FileType::html},
      {"<script>x</script>", FileType::html},
      {"<html><head><HTA:APPLICATION id=x>", FileType::hta},
      {"<?xml version='1.0'?><a/>", FileType::xml},
      {"<?xml version='1.0'?><svg/>", FileType::svg},
      {"<?xml version='1.0'?><!DOCTYPE html><html>", FileType::html},
      {"<svg xmlns='x'>", FileType::svg},
      {"{\"a\": 1}", FileType::json},
      {"[1, 2]", FileType::json},
      {"(function() { x })()", FileType::javascript},
      {"'use strict'; x", FileType::javascript},
      {"var s = new ActiveXObject('WScript.Shell')", FileType::javascript},
      {"@charset \"utf-8\"; a {}", FileType::css},
      {"#!/bin/sh\necho", FileType::shell},
      {"#!/usr/bin/env python3\n", FileType::python},
      {"#!/usr/bin/env node\n", FileType::javascript},
      {"#!/usr/bin/perl -w\n", FileType::perl},
      {"<?php echo 1;", FileType::php},
      {"@ECHO OFF\r\n", FileType::batch},
      {"$x = New-Object Net.WebClient", FileType::powershell},
      {"Set s = CreateObject(\"WScript.Shell\")", FileType::vbscript},
      {"Option Explicit\r\n", FileType::vbscript},
  };
  check_heads(cases);
}

TEST(TypeByMagic, TextAndTheRest) {
  const Case cases[] = {
      {"", FileType::empty},
      {"Just some words.\n", FileType::text},
      {"<3 you", FileType::text},
      {"<apple>", FileType::text},
      {"caf\xe9 in Latin-1", FileType::text},
      {"\x1b[31mred", FileType::text},
      {"  \n", FileType::text},
      {"\x01\x02\x03\x04", FileType::unknown},
      {"text with a \0 in it"s, FileType::unknown},
      {padded("G", 400), FileType::unknown},
      {"RIFF\x10\0\0\0ABCD"s, FileType::unknown},
  };
  check_heads(cases);
}

TEST(TypeByMagic, EveryPrefixOfEverySampleIsSafe) {
  const std::string samples[] = {
      zip_entry("META-INF/") + zip_entry("mimetype", "application/epub+zip"),
      mpeg_frames(),
      "\0\0\0\x18"
      "ftypavif"s,
      "BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"s,
      "\xca\xfe\xba\xbe\0\0\0\x34"s,
      "\xff\xfe<\0h\0t\0m\0l\0>\0"s,
      "{\"a\": 1}",
  };
  for (const std::string& sample : samples) {
    for (std::size_t size = 0; size <= sample.size(); ++size) {
      // An exact copy, so that a read past its end is seen.
      const std::vector<std::uint8_t> exact(sample.begin(),
                                            sample.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(type_by_magic(exact) == FileType::empty, size == 0);
    }
  }
}

struct NameCase {
  std::string_view input;
  FileType want;
};

TEST(TypeByExtension, TakesNamesAndBareExtensions) {
  constexpr NameCase kCases[] = {
      {"setup.EXE", FileType::pe},       {".pdf", FileType::pdf},
      {"docm", FileType::ooxml},         {"report.pdf.js", FileType::javascript},
      {"a.tar.gz", FileType::gzip},      {"x.7z", FileType::seven_zip},
      {"image.iso", FileType::iso},      {"note.one", FileType::onenote},
      {"", FileType::unknown},           {"a.", FileType::unknown},
      {"a.nosuch", FileType::unknown},   {"a.exe dll", FileType::unknown},
      {"a.exe\0.txt"sv, FileType::text}, {"a.reallyreallylongextension", FileType::unknown},
  };
  for (const auto& [input, want] : kCases) {
    EXPECT_EQ(file_type_name(type_by_extension(input)), file_type_name(want)) << input;
  }
}

TEST(TypeByMime, IgnoresCaseAndParameters) {
  constexpr NameCase kCases[] = {
      {"text/html", FileType::html},
      {"TEXT/HTML; charset=utf-8", FileType::html},
      {" application/pdf ;x", FileType::pdf},
      {"image/svg+xml", FileType::svg},
      {"application/octet-stream", FileType::unknown},
      {"application/x-nosuch", FileType::unknown},
      {"", FileType::unknown},
      {";", FileType::unknown},
  };
  for (const auto& [input, want] : kCases) {
    EXPECT_EQ(file_type_name(type_by_mime(input)), file_type_name(want)) << input;
  }
}

}  // namespace
}  // namespace weir
