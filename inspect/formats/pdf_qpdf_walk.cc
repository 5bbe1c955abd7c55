#include "inspect/formats/pdf_qpdf_walk.h"

#include <qpdf/Constants.h>

#include <algorithm>
#include <qpdf/Pipeline.hh>
#include <stdexcept>
#include <utility>

namespace weir {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kHead = 4096, kMostScript = 8U << 20, kMostPeeks = 50'000;

// A part of what flows through; behind it the flow is stopped, which libqpdf takes for an error of
// the data.
class Window final : public Pipeline {
 public:
  Window(std::uint64_t skip, std::size_t most)
      : Pipeline("window", nullptr), skip_(skip), most_(most) {}
  void write(unsigned char const* data, std::size_t size) override {
    const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, size));
    skip_ -= passed;
    const std::size_t taken = std::min(size - passed, most_ - out.size());
    out.append(reinterpret_cast<const char*>(data) + passed, taken);
    if (out.size() == most_) throw std::runtime_error("enough");
  }
  void finish() override {}
  bool full() const { return out.size() == most_; }
  std::string out;

 private:
  std::uint64_t skip_;
  std::size_t most_;
};

QPDFObjectHandle value_of(const std::map<std::string, QPDFObjectHandle>& entries, const char* key) {
  const auto found = entries.find(key);
  return found == entries.end() ? QPDFObjectHandle::newNull() : found->second;
}

std::string name_of(QPDFObjectHandle value) { return value.isName() ? value.getName() : ""; }

std::string string_of(QPDFObjectHandle value) {
  return value.isString() ? value.getUTF8Value() : "";
}

// A file specification is a string or a dictionary (7.11).
std::string file_of(QPDFObjectHandle value) {
  if (!value.isDictionary()) return string_of(value);
  const std::string wide = string_of(value.getKey("/UF"));
  return wide.empty() ? string_of(value.getKey("/F")) : wide;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::size_t filters_of(QPDFObjectHandle stream, std::vector<std::string>& names) {
  QPDFObjectHandle filter = stream.getDict().getKey("/Filter");
  if (filter.isName()) names.push_back(filter.getName());
  const int count = filter.isArray() ? std::min(filter.getArrayNItems(), 32) : 0;
  for (int i = 0; i < count; ++i) names.push_back(name_of(filter.getArrayItem(i)));
  return names.size();
}

}  // namespace

std::string pdf_piece(QPDFObjectHandle stream, std::uint64_t skip, std::size_t most, bool& whole) {
  Window window(skip, most);
  whole = stream.pipeStreamData(&window, 0, qpdf_dl_specialized, true) || window.full();
  return std::move(window.out);
}

void PdfWalk::sign(const char* name, std::uint8_t score, const std::string& detail) {
  const bool known = std::any_of(signs_.begin(), signs_.end(),
                                 [&](const PdfSign& one) { return one.name == name; });
  if (!known && signs_.size() < kMostSigns) signs_.push_back({name, detail.substr(0, 200), score});
}

void PdfWalk::collect(const PdfJudge& judge) {
  judge_ = judge;
  const auto table = pdf_.getXRefTable();
  too_many_ = table.size() > kMostObjects;
  std::size_t count = 0;
  for (const auto& entry : table) {
    if (++count > kMostObjects || items_.size() >= kMostItems) break;
    visit(pdf_.getObject(entry.first), 0);
    if (count % 4096 == 0) pdf_.getWarnings();  // which forgets them
  }
  visit_opening(pdf_.getTrailer().getKey("/Root"));
  if (judge_.hides_something != nullptr) look_into_streams();
}

void PdfWalk::look_into_streams() {
  std::size_t peeks = 0;
  for (QPDFObjectHandle& stream : streams_) {
    if (taken_.count(stream.getObjGen()) > 0) continue;
    if (++peeks > kMostPeeks) return;
    bool whole = false;
    if (!judge_.hides_something(pdf_piece(stream, 0, kHead, whole))) continue;
    add_stream("object-" + std::to_string(stream.getObjectID()), stream);
  }
}

void PdfWalk::visit(QPDFObjectHandle object, int depth) {
  if (depth > kDeepest) return;
  if (object.isStream()) {
    streams_.push_back(object);
    judge_filters(object);
    return visit(object.getDict(), depth + 1);
  }
  if (object.isArray()) {
    for (const QPDFObjectHandle& item : object.getArrayAsVector()) {
      if (!item.isIndirect()) visit(item, depth + 1);
    }
    return;
  }
  if (!object.isDictionary()) return;
  const Map entries = object.getDictAsMap();
  visit_dictionary(entries);
  for (const auto& [key, value] : entries) {
    if (!value.isIndirect()) visit(value, depth + 1);
  }
}

void PdfWalk::visit_dictionary(const Map& entries) {
  if (value_of(entries, "/EF").isDictionary()) add_files(entries);
  if (entries.count("/JS") > 0) add_script(entries.at("/JS"));
  if (entries.count("/XFA") > 0) add_form(entries.at("/XFA"));
  if (entries.count("/S") > 0) visit_action(entries);
  if (name_of(value_of(entries, "/Subtype")) == "/RichMedia") sign("pdf-rich-media", 5);
}

void PdfWalk::visit_action(const Map& entries) {
  const std::string action = name_of(entries.at("/S"));
  if (action == "/Launch") judge_launch(entries);
  if (action == "/SubmitForm") sign("pdf-submit-form", 0);
}

// 12.6.4.6. Only what starts a program counts; ordinary documents launch other documents.
void PdfWalk::judge_launch(const Map& entries) {
  std::string what = file_of(value_of(entries, "/F"));
  QPDFObjectHandle windows = value_of(entries, "/Win");
  if (windows.isDictionary()) {
    what += " " + string_of(windows.getKey("/F")) + " " + string_of(windows.getKey("/P"));
  }
  const std::string text = lower(what.substr(0, 4096));
  constexpr std::string_view kPrograms[] = {"cmd",    "powershell", ".exe",    "mshta",
                                            "rundll", "wscript",    "cscript", ".lnk",
                                            ".bat",   ".vbs",       ".hta"};
  const bool program =
      std::any_of(std::begin(kPrograms), std::end(kPrograms),
                  [&](std::string_view word) { return text.find(word) != std::string::npos; });
  if (program) return sign("pdf-launch-program", 60, what);
  sign("pdf-launch", 5, what);
}

// What happens without a click: the catalog's OpenAction and its additional actions.
void PdfWalk::visit_opening(QPDFObjectHandle root) {
  if (!root.isDictionary()) return;
  judge_opening(root.getKey("/OpenAction"), 0);
  QPDFObjectHandle more = root.getKey("/AA");
  if (!more.isDictionary()) return;
  for (const auto& [key, action] : more.getDictAsMap()) judge_opening(action, 0);
}

void PdfWalk::judge_opening(QPDFObjectHandle action, int depth) {
  if (!action.isDictionary() || depth > kDeepest) return;
  const std::string kind = name_of(action.getKey("/S"));
  if (kind == "/JavaScript") sign("pdf-open-script", 15);
  if (kind == "/SubmitForm") sign("pdf-open-submits", 30);
  if (kind == "/URI") sign("pdf-open-uri", 15, string_of(action.getKey("/URI")));
  if (kind == "/Launch") sign("pdf-open-launches", 25);
  const std::string file = file_of(action.getKey("/F"));
  // The name of a share makes Windows log in there.
  if (file.substr(0, 2) == "\\\\" || file.substr(0, 2) == "//") sign("pdf-open-share", 40, file);
  QPDFObjectHandle next = action.getKey("/Next");
  judge_opening(next, depth + 1);
  const int count = next.isArray() ? std::min(next.getArrayNItems(), 64) : 0;
  for (int i = 0; i < count && depth < 2; ++i) judge_opening(next.getArrayItem(i), depth + 1);
}

void PdfWalk::judge_filters(const QPDFObjectHandle& stream) {
  std::vector<std::string> names;
  const std::size_t count = filters_of(stream, names);
  if (count < 2) return;
  if (std::find(names.begin(), names.end(), "/JBIG2Decode") != names.end())
    sign("pdf-jbig2-chain", 10);
  if (count > 3) sign("pdf-filter-chain", 20, std::to_string(count) + " filters");
}

void PdfWalk::judge_script(const std::string& script) {
  const auto has = [&](std::string_view word) { return script.find(word) != script.npos; };
  if (has("exportDataObject") && has("nLaunch")) sign("pdf-script-opens-attachment", 50);
}

void PdfWalk::add_files(const Map& filespec) {
  std::string name = file_of(value_of(filespec, "/UF"));
  if (name.empty()) name = file_of(value_of(filespec, "/F"));
  const std::uint8_t weight = judge_.embedded_name == nullptr ? 0 : judge_.embedded_name(name);
  if (weight > 0) sign("pdf-embedded-program", weight, name);
  if (filespec.count("/EP") > 0) sign("pdf-encrypted-wrapper", 0, name);
  QPDFObjectHandle files = value_of(filespec, "/EF");
  for (auto& [key, file] : files.getDictAsMap()) {
    if (!file.isStream()) continue;
    const std::string number = std::to_string(file.getObjectID());
    add_stream(name.empty() ? "attachment-" + number : name, file);
  }
}

void PdfWalk::add_stream(std::string name, const QPDFObjectHandle& stream) {
  if (items_.size() >= kMostItems || !taken_.insert(stream.getObjGen()).second) return;
  items_.push_back({std::move(name), stream, {}});
}

void PdfWalk::add_script(QPDFObjectHandle script) {
  const std::string name = "javascript-" + std::to_string(scripts_ + 1) + ".js";
  if (script.isStream()) {
    bool whole = false;
    judge_script(pdf_piece(script, 0, kMostScript, whole));
    if (!(taken_.count(script.getObjGen()) > 0)) ++scripts_;
    return add_stream(name, script);
  }
  std::string text = string_of(script);
  if (text.empty() || items_.size() >= kMostItems) return;
  judge_script(text);
  ++scripts_;
  items_.push_back({name, QPDFObjectHandle(), std::move(text)});
}

// 12.7.8: one stream, or an array of names and streams.
void PdfWalk::add_form(QPDFObjectHandle form) {
  if (form.isStream()) return add_stream("xfa.xml", form);
  const int count = form.isArray() ? std::min(form.getArrayNItems(), 256) : 0;
  for (int i = 0; i + 1 < count; i += 2) {
    QPDFObjectHandle packet = form.getArrayItem(i + 1);
    if (packet.isStream()) {
      add_stream("xfa-" + string_of(form.getArrayItem(i)) + ".xml", packet);
    }
  }
}

}  // namespace weir
