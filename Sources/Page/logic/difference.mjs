// What differs between two values, line by line, as `pdb show` has it.

import { itemsOf, membersOf } from './json.mjs'
import { textOf } from './values.mjs'

/** How many unchanged lines are shown before a change and after it, as in git. */
const context = 3
/** Of larger texts with little in common all lines count as changed. */
const mostComparisons = 4_000_000

/**
 * The lines to show.
 *
 * @param before a value (see values.mjs), or `null` where there is none; `after` as well.
 * @returns `{kind, text}`: 'same', 'removed' or 'added'; `{kind: 'skipped', count}` where lines that did
 *   not change are left out.
 */
export function difference(before, after) {
  const [old, now] = linesOfBoth(before, after)
  const lines = compare(old, now)
  const isChange = ({ kind }) => kind !== 'same'
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(isChange),
  )
  const shown = []
  lines.forEach((line, at) => {
    if (isNear[at]) shown.push(line)
    else if (shown.at(-1)?.kind === 'skipped') shown.at(-1).count += 1
    else shown.push({ kind: 'skipped', count: 1 })
  })
  return shown
}

/** The order of an object's members means nothing: those that both have stand as in the one before. */
function linesOfBoth(before, after) {
  const [old, now] = [before, after].map((value) => value?.source && membersOf(value.source))
  if (!old || !now) return [linesOf(before), linesOf(after)]
  const kept = now.filter(([name]) => old.some(([other]) => other === name))
  const place = new Map(old.map(([name], at) => [name, at]))
  const inOrder = kept.toSorted(([one], [other]) => place.get(one) - place.get(other))
  const sorted = now.map((member) => (kept.includes(member) ? inOrder.shift() : member))
  return [outlineOf(old, ''), outlineOf(sorted, '')]
}

/** A value as lines for people: one a member, without the marks of JSON. */
export function linesOf(value) {
  if (!value) return []
  if (value.bytes !== undefined) return value.bytes.match(/.{1,76}/gu) ?? ['']
  const text = textOf(value)
  if (text?.includes('\n')) return text.replace(/\n$/u, '').split('\n')
  return outline(value.source, '')
}

function outline(source, indent) {
  const members = membersOf(source)
  if (members?.length > 0) return outlineOf(members, indent)
  const items = itemsOf(source)
  if (items?.length > 0) return items.flatMap((item) => outlined('-', item, indent))
  return [indent + scalarText(source)]
}

const outlineOf = (members, indent) =>
  members.flatMap(([name, value]) => outlined(`${name}:`, value, indent))

function outlined(name, source, indent) {
  const isNested = (membersOf(source) ?? itemsOf(source) ?? []).length > 0
  if (isNested) return [indent + name, ...outline(source, `${indent}  `)]
  return [`${indent}${name} ${scalarText(source)}`]
}

/** A text as it is, unless it could be taken for another value or breaks the line. */
function scalarText(source) {
  const text = textOf({ source: source.trim() })
  if (text === null || /[\p{Cc}\u2028\u2029]/u.test(text)) return source.trim()
  try {
    JSON.parse(text)
    return source.trim()
  } catch {
    return text === '' ? '""' : text
  }
}

/** The lines of both, in order: as few of them removed and added as possible. */
function compare(old, now) {
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1
  let tail = 0
  const most = Math.min(old.length, now.length) - head
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  const same = (text) => ({ kind: 'same', text })
  return [
    ...now.slice(0, head).map(same),
    ...compareMiddle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...now.slice(now.length - tail).map(same),
  ]
}

/** By the longest sequence of lines that both have. */
function compareMiddle(old, now) {
  const isLarge = old.length * now.length > mostComparisons
  const width = now.length + 1
  // How many lines from here to the ends both have.
  const common = isLarge ? null : new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; common && i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        old[i] === now[j]
          ? common[(i + 1) * width + j + 1] + 1
          : Math.max(common[(i + 1) * width + j], common[i * width + j + 1])
    }
  }
  const lines = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    const isSame = common && i < old.length && j < now.length && old[i] === now[j]
    const removes =
      i < old.length &&
      (j === now.length || !common || common[(i + 1) * width + j] >= common[i * width + j + 1])
    if (isSame) lines.push({ kind: 'same', text: now[j] })
    else if (removes) lines.push({ kind: 'removed', text: old[i] })
    else lines.push({ kind: 'added', text: now[j] })
    if (isSame || removes) i += 1
    if (isSame || !removes) j += 1
  }
  return lines
}
