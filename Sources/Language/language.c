// Puts the translations into the program (C23, section 6.10.4).

#include "Language.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

#if !defined(__has_embed)
#error "pdb needs a compiler that knows #embed: Swift 6.1 or newer"
#endif

static const unsigned char vi_po[] = {
#embed "vi.po"
};

struct LanguageCatalogue vietnameseCatalogue(void) {
  return (struct LanguageCatalogue){vi_po, sizeof vi_po};
}
