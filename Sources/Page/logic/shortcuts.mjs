// Keys that do something by themselves, outside of fields.

export const shortcuts = {
  '/': 'search', n: 'add', j: 'next', k: 'previous', x: 'complete', u: 'undo', '?': 'help',
}

/**
 * What a key asks for; `null` if nothing.
 *
 * @param isTyping whether the key goes to a field.
 * @param isOpen whether a dialog is open.
 */
export function shortcutOf(event, { isTyping, isOpen }) {
  const { key, ctrlKey, metaKey, altKey, repeat, isComposing } = event
  if (isTyping || isOpen || ctrlKey || metaKey || altKey || isComposing) return null
  const wanted = Object.hasOwn(shortcuts, key) ? shortcuts[key] : null
  // A key that is held down goes on through a list, and does nothing else twice.
  return repeat && wanted !== 'next' && wanted !== 'previous' ? null : wanted
}
