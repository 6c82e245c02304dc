// Titles as the nodes take them (PDBKit's `Title` and `Limits`), so that what is wrong is said
// while it can still be corrected.

export const titleBytes = 4096
export const batchCount = 1000
/** The body's limit, less the JSON around the titles. */
export const batchBytes = (1 << 20) - 64

const encoder = new TextEncoder()

/** The title without blanks around it and with tabs as blanks, in Unicode's form NFC. */
export function cleanTitle(text) {
  return text.replaceAll('\t', ' ').trim().normalize('NFC')
}

/** Why a clean title cannot be taken: 'empty', 'control', 'long'; `null` if it can. */
export function titleProblem(title) {
  if (title === '') return 'empty'
  if (/[\p{Cc}\u2028\u2029]/u.test(title)) return 'control'
  return encoder.encode(title).length > titleBytes ? 'long' : null
}

/**
 * A list of tasks, one a line; empty lines do not count.
 *
 * @returns the titles in order, and the first problem: `{reason, line}`, `{reason: 'many'}`,
 *   `{reason: 'large'}` or `null`.
 */
export function parseBatch(text) {
  const titles = []
  let problem = null
  text.split(/\r\n|\r|\n/u).forEach((line, index) => {
    const title = cleanTitle(line)
    if (title === '') return
    const reason = titleProblem(title)
    if (reason && !problem) problem = { reason, line: index + 1 }
    titles.push(title)
  })
  if (!problem && titles.length > batchCount) problem = { reason: 'many' }
  if (!problem && encoder.encode(JSON.stringify(titles)).length > batchBytes) {
    problem = { reason: 'large' }
  }
  return { titles, problem }
}
