#include "proxy/cli/scan_report.h"

#include <algorithm>

#include "core/escape.h"
#include "core/json_writer.h"

namespace weir {
namespace {

constexpr unsigned kHeavySign = 50;

void write_optional(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  text.empty() ? json.null() : json.string(text);
}

void write_findings(JsonWriter& json, const Assessment& assessment) {
  json.begin_array("findings");
  for (const Finding& finding : assessment.findings()) {
    json.begin_object();
    json.member("scanner", scanner_name(finding.scanner));
    json.member("name", finding.name);
    json.member("severity", severity_of(finding));
    json.member("verdict", verdict_name(finding.verdict));
    write_optional(json, "reason",
                   finding.reason == Reason::none ? "" : reason_name(finding.reason));
    json.member("where", finding.where);
    json.member("detail", finding.detail);
    json.member("score", finding.score);
    json.end_object();
  }
  json.end_array();
}

void write_tree(JsonWriter& json, const Assessment& assessment) {
  json.begin_array("tree");
  for (const ArtifactNote& note : assessment.tree) {
    json.begin_object();
    json.member("where", note.where);
    json.member("type", note.type);
    json.member("from", note.from);
    json.member("size", note.size);
    json.member("sha256", note.sha256);
    json.end_object();
  }
  json.end_array();
}

std::string describe(const Finding& finding) {
  std::string out(severity_of(finding));
  out += "  ";
  if (finding.reason != Reason::none) out += std::string(reason_name(finding.reason)) + ": ";
  out += escape_for_terminal(finding.name);
  if (finding.scanner != Scanner::structure) {
    out += " (" + std::string(scanner_name(finding.scanner)) + ")";
  }
  if (!finding.detail.empty()) out += "  " + escape_for_terminal(finding.detail);
  if (finding.score > 0) out += "  +" + std::to_string(finding.score);
  return out;
}

void describe_findings_of(const Assessment& assessment, const std::string& where,
                          const std::string& indent, std::string& out) {
  for (const Finding& finding : assessment.findings()) {
    if (finding.where == where) out += indent + "! " + describe(finding) + "\n";
  }
}

bool in_tree(const Assessment& assessment, const std::string& where) {
  return where.empty() ||
         std::ranges::find(assessment.tree, where, &ArtifactNote::where) != assessment.tree.end();
}

// A line for each artifact inside, indented by its depth, with what was found in it below.
void describe_tree(const Assessment& assessment, std::string& out) {
  constexpr std::string_view kInto = "!/";
  for (const ArtifactNote& note : assessment.tree) {
    if (note.where.empty()) continue;
    std::size_t depth = 1, last = 0;
    for (std::size_t at = 0; (at = note.where.find(kInto, at)) != std::string::npos; ++depth) {
      last = at += kInto.size();
    }
    const std::string indent(depth * 2, ' ');
    out += indent + escape_for_terminal(note.where.substr(last)) + "  (" + note.type + ", " +
           std::to_string(note.size) + " bytes)\n";
    describe_findings_of(assessment, note.where, indent + "  ", out);
  }
  // Of what the tree has no room for, or could not be taken out.
  for (const Finding& finding : assessment.findings()) {
    if (in_tree(assessment, finding.where)) continue;
    out += "  ! " + describe(finding) + "  in " + escape_for_terminal(finding.where) + "\n";
  }
}

}  // namespace

std::string_view severity_of(const Finding& finding) {
  switch (finding.verdict) {
    case Verdict::malicious: return "critical";
    case Verdict::uninspectable: return "high";
    case Verdict::suspicious: return "medium";
    case Verdict::clean: break;
  }
  if (finding.score >= kHeavySign) return "medium";
  return finding.score > 0 ? "low" : "info";
}

std::string scan_json_line(const ScannedFile& file) {
  std::string out;
  JsonWriter json(out);
  const auto worst = file.assessment.worst();
  const bool unseen = worst && worst->reason != Reason::none;
  json.begin_object();
  json.member("path", file.path);
  json.member("sha256", file.sha256);
  json.member("size", file.size);
  json.member("type", file_type_name(file.type));
  json.member("verdict", verdict_name(file.assessment.verdict()));
  write_optional(json, "reason", unseen ? reason_name(worst->reason) : "");
  write_optional(json, "where", worst ? worst->where : "");
  write_optional(json, "format", unseen ? worst->name : "");
  json.member("score", file.assessment.score());
  write_findings(json, file.assessment);
  json.member("artifacts", file.assessment.artifacts);
  write_tree(json, file.assessment);
  json.member("ms", std::chrono::duration_cast<std::chrono::milliseconds>(file.took).count());
  if (!file.action.empty()) {
    json.member("action", file.action);
    json.member("rule", file.rule);
  }
  json.end_object();
  return out;
}

std::string scan_text(const ScannedFile& file) {
  std::string out(verdict_name(file.assessment.verdict()));
  const auto worst = file.assessment.worst();
  if (worst && worst->reason != Reason::none) out += ": " + std::string(reason_name(worst->reason));
  out += "  " + escape_for_terminal(file.path) + "  (" + std::string(file_type_name(file.type)) +
         ", " + std::to_string(file.size) + " bytes";
  if (const unsigned score = file.assessment.score(); score > 0) {
    out += ", score " + std::to_string(score);
  }
  out += ")";
  if (!file.action.empty()) out += "  -> " + file.action + " by rule " + file.rule;
  out += "\n";
  describe_findings_of(file.assessment, "", "  ", out);
  describe_tree(file.assessment, out);
  return out;
}

}  // namespace weir
