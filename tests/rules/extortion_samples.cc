#include "tests/rules/samples.h"

namespace weir {

std::vector<RuleSample> extortion_samples() {
  const std::string note =
      "All your important files have been encry"
      "pted. To decrypt them pay in Bitcoin.\n";
  const std::string program = "MZ" + std::string(100, '\0') +
                              "vssad"
                              "min delete shad"
                              "ows /all";
  const std::string pools = "{\"pools\": [{\"url\": \"pool.a.test:3333\", \"user\": \"w\"}], ";
  const std::string elf = std::string(
                              "\x7f"
                              "ELF") +
                          std::string(60, '\0') +
                          "stratum+"
                          "tcp://a.test";
  return {
      {"weir_ransom_note", note + "Do not rename files. Your personal ID: 4711",
       note + "This is what such a note says; restore your backup."},
      {"weir_program_destroys_backups",
       program + "your files are encry"
                 "pted",
       program},
      {"weir_miner_configuration", pools + "\"donate-level\": 1}", pools + "\"timeout\": 1}"},
      {"weir_miner_program", elf + "randomx --donate-level", elf + "a proxy for pools"},
  };
}

}  // namespace weir
