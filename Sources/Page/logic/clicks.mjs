// Double clicks. What is clicked may go away at once, and what stood beside it comes to lie under
// the pointer: the second click was not meant for that.

/** Two clicks that are as quick and as near as this are one double click. */
export const doubleClickMilliseconds = 500
export const doubleClickPixels = 8

/**
 * Whether a click is the rest of a double click on something else.
 *
 * @param click `{time, x, y, count, target}`: `count` is the browser's, which knows how quick the
 *   user's double clicks are: 0 for a key, 1 for a click, 2 for the second of two. Not all
 *   browsers count taps.
 * @param before the click before it, or `null`.
 */
export function isStray(click, before) {
  if (!before || click.count === 0 || click.target === before.target) return false
  const isQuick = click.time - before.time < doubleClickMilliseconds
  const isNear = Math.hypot(click.x - before.x, click.y - before.y) < doubleClickPixels
  return click.count > 1 || (isQuick && isNear)
}
