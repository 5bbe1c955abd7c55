// Signs in pages and SVG images: a page that saves a file which it carries itself (HTML smuggling),
// an image that runs scripts or shows a page, links that start programs. What libraries and
// ordinary pages do as well weighs little by itself. Looks at the whole text once, linear. Any
// thread.
#pragma once

#include "inspect/formats/remark.h"

namespace weir {

void examine_web_carrier(const Subject& file, Remarks& remarks);

}  // namespace weir
