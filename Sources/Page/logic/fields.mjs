// The fields of a task that people edit, and what becomes of an edit when the task was changed
// elsewhere meanwhile.
//
// An edit says what fields are to hold (`fields`) and what they held when the user saw them (`base`);
// `null` is a field that is not there. What others did to other fields does not matter.

export const fieldNames = ['title', 'due', 'priority', 'project', 'tags', 'notes']

const isSame = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null)

/** The edit that makes these values of a task; `null` if it has them all. */
export function editOf(task, values) {
  const names = fieldNames.filter((name) => name in values && !isSame(task[name], values[name]))
  if (names.length === 0) return null
  const pick = (source) => Object.fromEntries(names.map((name) => [name, source[name] ?? null]))
  return { fields: pick(values), base: pick(task) }
}

/**
 * What of an edit is still to be made of a task as it is now.
 *
 * @returns `open`: those fields; `theirs`: those of them that hold neither what they are to hold nor
 *   what the user saw, with what they hold.
 */
export function compare({ fields, base }, task) {
  const open = Object.entries(fields).filter(([name, value]) => !isSame(task[name], value))
  const theirs = open
    .filter(([name]) => !isSame(task[name], base[name]))
    .map(([name]) => [name, task[name] ?? null])
  return { open: Object.fromEntries(open), theirs: Object.fromEntries(theirs) }
}

/** The edit without some of its fields; `null` if none is left. */
export function withoutFields(edit, names) {
  const keep = (values) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !(name in names)))
  const fields = keep(edit.fields)
  if (Object.keys(fields).length === 0) return null
  return { ...edit, fields, base: keep(edit.base) }
}

// A date as forms have it: a day, and maybe a time of day here.

/** `{date, time}` as `<input type=date>` and `<input type=time>` take them. */
export function dateParts(due) {
  if (!due) return { date: '', time: '' }
  if (due.length === 10) return { date: due, time: '' }
  const moment = new Date(due)
  const two = (number) => String(number).padStart(2, '0')
  const date = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-')
  return { date, time: `${two(moment.getHours())}:${two(moment.getMinutes())}` }
}

/** The date of such parts; `due` itself if they are its own: a form knows no seconds. */
export function dueOf({ date, time }, due) {
  const own = dateParts(due)
  if (own.date === date && own.time === time) return due ?? null
  if (date === '') return null
  return time === '' ? date : new Date(`${date}T${time}`).toISOString()
}

/** The tags in a line of text: words, with blanks or commas between them. */
export function tagsOf(text) {
  const tags = text.normalize('NFC').split(/[\s,]+/u).map((tag) => tag.replace(/^#/u, ''))
  const words = [...new Set(tags.filter((tag) => tag !== ''))]
  return words.length > 0 ? words : null
}

/** As many tags as a task can have. */
export const mostTags = 20
