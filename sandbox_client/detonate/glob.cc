#include "sandbox_client/detonate/signature.h"

namespace weir {

// Going back to the last star only is enough: an earlier one could not do better, unless the last
// may not cross a "/", and then the last "**" is the one to go back to.
bool glob_matches(std::string_view glob, std::string_view text) {
  struct Mark {
    std::size_t glob = std::string_view::npos, text = 0;
    bool set() const { return glob != std::string_view::npos; }
  };
  Mark star;   // within one name
  Mark stars;  // across names
  std::size_t g = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (glob.substr(g).starts_with("**")) {
      g += 2;
      stars = {g, t};
      star = {};
    } else if (g < glob.size() && glob[g] == '*') {
      star = {++g, t};
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g, ++t;
    } else if (star.set() && text[star.text] != '/') {
      g = star.glob;
      t = ++star.text;
    } else if (stars.set()) {
      g = stars.glob;
      t = ++stars.text;
      star = {};
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

}  // namespace weir
