// The profiles: section of a policy.
#include <algorithm>

#include "conf/bind.h"
#include "conf/nearest_word.h"
#include "policy/compiled_policy.h"

namespace weir {
namespace {

constexpr std::uint64_t kMostBytes = 16ULL << 40;
constexpr std::chrono::milliseconds kShortestScan{100};
constexpr std::chrono::milliseconds kLongestScan = std::chrono::hours(24);

std::string_view delivery_name(Delivery delivery) {
  return policy_keys::kDeliveries[static_cast<std::size_t>(delivery)];
}

Profile safest_profile() {
  Profile profile;
  for (int i = 0; i < kScannerCount; ++i) profile.scanners.add(static_cast<Scanner>(i));
  return profile;
}

class ProfileReader {
 public:
  explicit ProfileReader(Problems& problems) : problems_(problems) {}

  std::deque<Profile> compile(const YamlNode& node) {
    if (node.kind == YamlNode::Kind::null) return std::move(profiles_);
    if (node.kind != YamlNode::Kind::map) problems_.error(node.place, "profiles must be a map");
    for (const YamlEntry& entry : node.entries) {
      if (!is_policy_name(entry.key))
        problems_.error(entry.place, quoted(entry.key) + " is no name");
      Profile profile = compile_profile(entry);
      if (profile.name == profiles_.front().name) {
        profiles_.front() = std::move(profile);
      } else {
        profiles_.push_back(std::move(profile));
      }
    }
    return std::move(profiles_);
  }

 private:
  Profile compile_profile(const YamlEntry& entry) {
    Profile profile;
    profile.name = entry.key;
    const std::string what = "profile " + quoted(entry.key);
    const YamlNode& node = entry.value;
    if (!check_map(node, what, policy_keys::kProfile, problems_)) return profile;
    const int before = problems_.errors();
    read_delivery(node, what, profile);
    read_scanners(node, what, profile);
    if (const YamlNode* value = node.find("max_bytes")) {
      profile.max_bytes =
          read_bytes(*value, "max_bytes", 1, kMostBytes, problems_).value_or(profile.max_bytes);
    }
    if (const YamlNode* value = node.find("scan_timeout")) {
      profile.scan_timeout =
          read_duration(*value, "scan_timeout", kShortestScan, kLongestScan, problems_)
              .value_or(profile.scan_timeout);
    }
    if (const YamlNode* value = node.find("suspicious_score")) {
      const auto score = read_count(*value, "suspicious_score", 0, 100, problems_);
      profile.suspicious_score = static_cast<unsigned>(score.value_or(profile.suspicious_score));
    }
    if (const YamlNode* value = node.find("prove_media")) {
      profile.prove_media = read_flag(*value, "prove_media", problems_).value_or(false);
    }
    if (problems_.errors() == before) check_profile(profile, what, entry.place);
    return profile;
  }

  void read_delivery(const YamlNode& node, const std::string& what, Profile& profile) {
    const YamlNode* value = node.find("delivery");
    if (value == nullptr) return problems_.error(node.place, what + " needs a delivery");
    const auto word = read_word(*value, "delivery", policy_keys::kDeliveries, problems_);
    if (!word) return;
    const auto at = std::ranges::find(policy_keys::kDeliveries, *word);
    profile.delivery = static_cast<Delivery>(at - policy_keys::kDeliveries.begin());
  }

  void read_scanners(const YamlNode& node, const std::string& what, Profile& profile) {
    const YamlNode* value = node.find("scanners");
    if (value == nullptr) {
      return problems_.error(node.place, what + " needs scanners ([] for none)");
    }
    std::vector<std::string_view> names;
    for (int i = 0; i < kScannerCount; ++i) names.push_back(scanner_name(static_cast<Scanner>(i)));
    for (const YamlNode* item : read_list(*value, "scanners", problems_)) {
      const auto word = read_word(*item, "a scanner", names, problems_);
      if (word) profile.scanners.add(*scanner_from_name(*word));
    }
  }

  // What in a profile would contradict itself.
  void check_profile(const Profile& profile, const std::string& what, Place place) {
    const std::string delivery(delivery_name(profile.delivery));
    if (profile.delivery == Delivery::direct && !profile.scanners.empty()) {
      problems_.error(place, what + ": delivery direct inspects nothing, so scanners must be []");
    }
    const bool waits = profile.delivery == Delivery::hold || profile.delivery == Delivery::trickle;
    if (waits && profile.scanners.empty()) {
      problems_.error(place, what + ": delivery " + delivery +
                                 " waits for scanners, but there are none (is direct meant?)");
    }
    if (profile.prove_media && profile.delivery != Delivery::stream) {
      problems_.error(place, what + ": prove_media goes with delivery stream, not " + delivery);
    }
  }

  Problems& problems_;
  std::deque<Profile> profiles_{safest_profile()};  // the first is the default
};

}  // namespace

std::deque<Profile> compile_profiles(const YamlNode* node, Problems& problems) {
  return ProfileReader(problems).compile(node == nullptr ? YamlNode{} : *node);
}

}  // namespace weir
