#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "inspect/formats/pdf_file.h"
#include "inspect/formats/pdf_structure.h"
#include "tests/inspect/formats/sealed_samples.h"

namespace weir {
namespace {

using namespace std::string_literals;

struct Case {
  const char* file;
  const char* want;
};

TEST(Pdf, AProgramThatKnowsPdfsIsNone) {
  const std::string script =
      "const PDF_HEADER = \"%PDF-\";\nif (bytes.startsWith(PDF_HEADER)) {}\n";
  EXPECT_FALSE(pdf_header(as_bytes(script)));
  EXPECT_EQ(pdf_header(as_bytes("junk %PDF-1.7\n1 0 obj\n<<>>\nendobj\n")), 5U);
  EXPECT_EQ(pdf_header(as_bytes("%PDF-1.7\n")), 0U);
}

TEST(Pdf, TellsWhatIsEncryptedAndHow) {
  const std::vector<Case> table{
      {"plain.pdf", ""},
      {"object-streams.pdf", ""},
      {"linearized.pdf", ""},
      {"with-header-later.pdf", ""},
      {"without-xref.pdf", ""},
      {"cut.pdf", ""},
      {"nothing.pdf", ""},
      {"attachment.pdf", ""},
      {"identity.pdf", ""},
      {"secret-rc4-40.pdf", "encrypted pdf-rc4-40"},
      {"secret-rc4-128.pdf", "encrypted pdf-rc4-128"},
      {"secret-rc4-128-v4.pdf", "encrypted pdf-rc4-128"},
      {"secret-aes128.pdf", "encrypted pdf-aes128"},
      {"secret-aes128-cleartext-metadata.pdf", "encrypted pdf-aes128"},
      {"secret-aes256-r5.pdf", "encrypted pdf-aes256"},
      {"secret-aes256.pdf", "encrypted pdf-aes256"},
      {"secret-aes256-cleartext-metadata.pdf", "encrypted pdf-aes256"},
      {"secret-object-streams.pdf", "encrypted pdf-aes256"},
      {"secret-linearized.pdf", "encrypted pdf-aes256"},
      {"secret-attachment.pdf", "encrypted pdf-aes256"},
      {"secret-attachments-only.pdf", "partly-encrypted pdf-aes256-attachments"},
      {"secret-broken-xref.pdf", "encrypted pdf-aes256"},
      {"secret-cut.pdf", "encrypted pdf-aes256"},
      {"secret-updated.pdf", "encrypted pdf-aes256"},
      {"owner-rc4-40.pdf", "sign pdf-owner-password 0"},
      {"owner-rc4-128.pdf", "sign pdf-owner-password 0"},
      {"owner-rc4-128-v4.pdf", "sign pdf-owner-password 0"},
      {"owner-aes128.pdf", "sign pdf-owner-password 0"},
      {"owner-aes128-cleartext-metadata.pdf", "sign pdf-owner-password 0"},
      {"owner-aes256-r5.pdf", "sign pdf-owner-password 0"},
      {"owner-aes256.pdf", "sign pdf-owner-password 0"},
      {"owner-aes256-cleartext-metadata.pdf", "sign pdf-owner-password 0"},
      {"owner-attachment.pdf", "sign pdf-owner-password 0"},
      {"handler-ebx.pdf", "encrypted pdf-handler-ebx-handler"},
      {"handler-fileopen.pdf", "encrypted pdf-handler-fopn-flock"},
      {"pubsec.pdf", "encrypted pdf-pubsec"},
      {"aes256-gcm.pdf", "encrypted pdf-aes256-gcm"},
  };
  for (const Case& c : table) {
    EXPECT_EQ(said(examine_pdf, from_corpus("pdf/"s + c.file)), c.want) << c.file;
  }
}

// 0: a password is needed, 2: not encrypted, 3: encrypted, but the empty password opens it.
int asked_of_qpdf(const std::filesystem::path& file) {
  const std::string command = "qpdf --requires-password '" + file.string() + "' >/dev/null 2>&1";
  return WEXITSTATUS(std::system(command.c_str()));
}

TEST(Pdf, AgreesWithQpdf) {
  ASSERT_EQ(std::system("qpdf --version >/dev/null 2>&1"), 0) << "scripts/install-deps brings it";
  std::size_t compared = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(WEIR_SOURCE_DIR "/tests/corpus/pdf")) {
    if (entry.path().extension() != ".pdf") continue;
    const std::string name = entry.path().filename().string();
    // qpdf does not know their handlers, and cannot read the last one at all.
    if (name.starts_with("handler-") || name == "pubsec.pdf" || name == "nothing.pdf" ||
        name == "aes256-gcm.pdf" || name == "identity.pdf") {
      continue;
    }
    const std::string ours = said(examine_pdf, from_corpus("pdf/" + name));
    const int theirs = asked_of_qpdf(entry.path());
    EXPECT_EQ(ours.find("encrypted") != std::string::npos, theirs == 0) << name;
    ++compared;
  }
  EXPECT_GT(compared, 35U);
}

TEST(Pdf, HandsOutWhatItCarries) {
  const auto note = "a note that is attached\n"s;
  const auto script = "app.alert('hello'); this.exportDataObject({cName: 'a', nLaunch: 2});"s;
  const std::vector<std::pair<const char*, Opened>> table{
      {"plain.pdf", {}},
      {"without-xref.pdf", {}},
      {"attachment.pdf", {{"note.txt", note}}},
      {"owner-attachment.pdf", {{"note.txt", note}}},
      {"secret-attachment.pdf", {{"!", "encrypted"}}},
      {"handler-ebx.pdf", {{"!", "unsupported"}}},
      {"nothing.pdf", {{"!", "corrupt"}}},
      {"open-script.pdf", {{"javascript-1.js", script}}},
      {"open-script-packed.pdf", {{"javascript-1.js", script}}},
      {"owner-open-script.pdf", {{"javascript-1.js", script}}},
      {"disguised-names.pdf", {{"javascript-1.js", "app.alert(1)"}}},
      {"xfa.pdf", {{"xfa-template.xml", "<template/>"}, {"xfa-datasets.xml", "<data/>"}}},
  };
  for (const auto& [file, want] : table) {
    EXPECT_EQ(opened(open_pdf, from_corpus("pdf/"s + file)), want) << file;
  }
}

TEST(Pdf, FindsProgramsInAttachmentsAndPlainStreams) {
  const auto attached = opened(open_pdf, from_corpus("pdf/program.pdf"));
  ASSERT_EQ(attached.size(), 1U);
  EXPECT_EQ(attached[0].first, "report.pdf.exe");
  EXPECT_EQ(type_by_magic(as_bytes(attached[0].second)), FileType::pe);
  const auto hidden = opened(open_pdf, from_corpus("pdf/hidden-program.pdf"));
  ASSERT_EQ(hidden.size(), 1U);
  EXPECT_EQ(hidden[0].first, "object-6");
  EXPECT_EQ(type_by_magic(as_bytes(hidden[0].second)), FileType::elf);
}

TEST(Pdf, OpensWithTheRightPassword) {
  const std::string bytes = from_corpus("pdf/secret-attachment.pdf");
  const std::vector<std::string> wrong{"infected", "boss2"}, right{"infected", "secret"};
  Reason problem = Reason::none;
  EXPECT_EQ(open_pdf(subject_of(bytes), wrong, problem), nullptr);
  EXPECT_EQ(problem, Reason::encrypted);
  const auto container = open_pdf(subject_of(bytes), right, problem);
  ASSERT_NE(container, nullptr);
  EXPECT_EQ(problem, Reason::none);
  const auto member = container->next();
  ASSERT_TRUE(member);
  EXPECT_EQ(member->name, "unlocked.pdf");
  const std::string inner(as_text(container->read()));
  EXPECT_EQ(said(examine_pdf, inner), "");
  EXPECT_EQ(opened(open_pdf, inner), (Opened{{"note.txt", "a note that is attached\n"}}));
}

TEST(Pdf, NamesTheSigns) {
  const std::vector<Case> table{
      {"plain.pdf", ""},
      {"attachment.pdf", ""},
      {"object-streams.pdf", ""},
      {"xfa.pdf", ""},
      {"with-header-later.pdf", "sign pdf-late-header 0"},
      {"open-script.pdf", "sign pdf-script-opens-attachment 50, sign pdf-open-script 15"},
      {"open-script-packed.pdf", "sign pdf-script-opens-attachment 50, sign pdf-open-script 15"},
      {"owner-open-script.pdf", "sign pdf-script-opens-attachment 50, sign pdf-open-script 15"},
      {"disguised-names.pdf", "sign pdf-disguised-names 40, sign pdf-open-script 15"},
      {"launch.pdf", "sign pdf-launch-program 60, sign pdf-open-launches 25"},
      {"open-share.pdf", "sign pdf-open-share 40"},
      {"program.pdf", "sign pdf-embedded-program 50"},
  };
  for (const Case& c : table) {
    EXPECT_EQ(said(examine_pdf_signs, from_corpus("pdf/"s + c.file)), c.want) << c.file;
  }
}

TEST(Pdf, AValueIsReadAsTheStandardWritesIt) {
  struct Row {
    std::string text, want;
  };
  const std::vector<Row> table{
      {"(a(b)c)", "a(b)c"},         {"(a\\)b)", "a)b"},           {"(\\101\\7x)", "A\7x"},
      {"(one\\\r\ntwo)", "onetwo"}, {"(one\r\ntwo)", "one\ntwo"}, {"<41 4>", "A@"},
      {"/A#42#zz", "AB#zz"},        {"(\\n\\q)", "\nq"},
  };
  for (const Row& row : table) {
    const auto value = PdfReader(as_bytes(row.text)).value();
    ASSERT_TRUE(value) << row.text;
    EXPECT_EQ(value->text, row.want) << row.text;
  }
  for (const std::string text : {"(never closed", "<41", "[1 2", "<< /A 1", ">>", "]", ""}) {
    EXPECT_FALSE(PdfReader(as_bytes(text)).value()) << text;
  }
  const std::string deep(100'000, '[');
  EXPECT_FALSE(PdfReader(as_bytes(deep)).value());
}

TEST(Pdf, EveryCutIsReadInPeace) {
  for (const char* name : {"pdf/secret-object-streams.pdf", "pdf/secret-updated.pdf"}) {
    const std::string whole = from_corpus(name);
    for (std::size_t size = 0; size < whole.size(); size += 31) {
      const std::string text = said(examine_pdf, whole.substr(0, size));
      EXPECT_TRUE(text.empty() || text.starts_with("encrypted")) << size << text;
    }
  }
}

}  // namespace
}  // namespace weir
