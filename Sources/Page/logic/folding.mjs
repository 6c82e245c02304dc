// Search as people expect it: without case, accents and the bar of "đ". The nodes fold the same
// way (PDBKit's `foldedForSearch`).

/** The text in the form that is compared. */
export function fold(text) {
  return text.toLowerCase().normalize('NFD').replace(/\p{Mn}/gu, '').replaceAll('đ', 'd')
}

/** What a query asks for: all of these words, in any order. */
export function foldedWords(query) {
  return fold(query).split(/\s+/u).filter((word) => word !== '')
}

/** Whether a folded text has every word. */
export function hasWords(folded, words) {
  return words.every((word) => folded.includes(word))
}
