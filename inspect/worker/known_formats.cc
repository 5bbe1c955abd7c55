#include "inspect/worker/known_formats.h"

#include <array>

#include "inspect/formats/chm.h"
#include "inspect/formats/cms.h"
#include "inspect/formats/disk_image.h"
#include "inspect/formats/embedded.h"
#include "inspect/formats/entropy.h"
#include "inspect/formats/lnk.h"
#include "inspect/formats/mime_message.h"
#include "inspect/formats/office_encrypted.h"
#include "inspect/formats/office_examine.h"
#include "inspect/formats/ole_open.h"
#include "inspect/formats/ole_rtf.h"
#include "inspect/formats/onenote.h"
#include "inspect/formats/openpgp.h"
#include "inspect/formats/other_archives.h"
#include "inspect/formats/outlook_tnef.h"
#include "inspect/formats/pdf_file.h"
#include "inspect/formats/rar.h"
#include "inspect/formats/sealed.h"
#include "inspect/formats/sealed_android.h"
#include "inspect/formats/seven_zip.h"
#include "inspect/formats/seven_zip_unlock.h"
#include "inspect/formats/swf.h"
#include "inspect/formats/text_bodies.h"
#include "inspect/formats/udf.h"
#include "inspect/formats/web_carrier.h"
#include "inspect/signs/signs.h"

namespace weir {
namespace {

constexpr std::array kExaminers{
    // What cannot be seen.
    Examine{examine_seven_zip},
    Examine{examine_rar},
    Examine{examine_other_archives},
    Examine{examine_office},
    Examine{examine_pdf},
    Examine{examine_cms},
    Examine{examine_openpgp},
    Examine{examine_sealed},
    Examine{examine_disk_image},
    Examine{examine_polyglot},
    Examine{examine_lnk},
    Examine{examine_entropy},
    // What ordinary files do not have.
    Examine{examine_pe},
    Examine{examine_elf},
    Examine{examine_script},
    Examine{examine_macro},
    Examine{examine_pdf_signs},
    Examine{examine_web_carrier},
};

constexpr std::array kContainers{
    KnownContainer{open_cms_signed, nullptr},
    KnownContainer{open_disk_image, nullptr, true},
    KnownContainer{open_udf, nullptr, true},
    KnownContainer{open_mime, nullptr},
    KnownContainer{open_text_bodies, nullptr},
    KnownContainer{open_pdf, open_pdf},
    KnownContainer{open_locked_seven_zip, open_locked_seven_zip},
    KnownContainer{open_office_encrypted, open_office_encrypted},
    KnownContainer{open_ole, nullptr},
    KnownContainer{open_rtf, nullptr},
    KnownContainer{open_onenote, nullptr},
    KnownContainer{open_tnef, nullptr},
    KnownContainer{open_openpgp, nullptr},
    KnownContainer{open_android_backup, nullptr},
    KnownContainer{open_chm, nullptr},
    KnownContainer{open_lnk, nullptr},
    KnownContainer{open_swf, nullptr},
    KnownContainer{open_embedded, nullptr},
};

}  // namespace

std::span<const Examine> known_examiners() { return kExaminers; }
std::span<const KnownContainer> known_containers() { return kContainers; }

}  // namespace weir
