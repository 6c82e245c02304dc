// The translations of pdb's texts, as they are in the program.

#include <stddef.h>

/// A catalogue in the notation of gettext's PO files, and how many bytes it has.
struct LanguageCatalogue {
  const unsigned char *bytes;
  size_t count;
};

/// Vietnamese.
struct LanguageCatalogue vietnameseCatalogue(void);
