// What all parts of the page are drawn with: templates and text, never markup from data.

/** A new element from a template of the page. */
export function fromTemplate(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true)
}

/** Sets an element's text, if it is another one: readers of screens are told of every change. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Makes an element's children show these items, in this order. An item keeps its element for
 * as long as it keeps its key, so that focus and what is being typed stay.
 */
export function showAll(parent, items, { key, make, update }) {
  const names = items.map((item) => String(key(item)))
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  const wanted = new Set(names)
  // First, so that those that stay need not move: an element that moves loses the focus.
  for (const [name, child] of old) if (!wanted.has(name)) child.remove()
  let place = parent.firstElementChild
  items.forEach((item, at) => {
    let child = old.get(names[at])
    if (!child) {
      child = make(item)
      child.dataset.key = names[at]
    }
    update(child, item)
    if (child === place) place = place.nextElementSibling
    else parent.insertBefore(child, place)
  })
}

/**
 * Draws, and when that removes the control that has the focus, gives the focus to the same control
 * of what took its place.
 *
 * @param fallback the element that gets the focus if nothing took its place.
 */
export function keepingFocus(parent, fallback, draw) {
  const focused = parent.contains(document.activeElement) ? document.activeElement : null
  const row = focused?.closest('[data-key]')
  const position = row ? [...parent.children].indexOf(row) : -1
  draw()
  if (!focused || focused === document.activeElement || parent.contains(document.activeElement)) return
  const kind = focused.classList[0]
  const heirs = [...parent.children].slice(Math.max(0, Math.min(position, parent.children.length - 1)))
  const heir = kind && heirs.map((heir) => heir.querySelector(`.${kind}`)).find((control) => control)
  ;(heir ?? fallback).focus()
}

/** A small button that does something once pressed. */
export function makeButton(text, action) {
  const button = fromTemplate('button')
  button.textContent = text
  button.addEventListener('click', action)
  return button
}

/** Makes an element show this icon of the page. */
export function setIcon(element, name) {
  element.querySelector('use').setAttribute('href', `#icon-${name}`)
}

/** Says why there is nothing to see, with what can be done about it; hides the place without a text. */
export function drawNothing(place, text, button = null) {
  place.hidden = !text
  const look = [text ?? '', button?.text ?? ''].join('\n')
  if (place.dataset.look === look) return
  place.dataset.look = look
  place.textContent = text ?? ''
  if (button) place.append(' ', makeButton(button.text, button.action))
}

/** Shows a value in a field, unless it is there already: the caret must stay. */
export function setValue(field, value) {
  if (field.value !== value) field.value = value
}

/** Whether a click on a link is the page's: others open a window, or a menu. */
export function isPlainClick({ button, ctrlKey, metaKey, shiftKey, altKey, defaultPrevented }) {
  return button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey && !defaultPrevented
}

/** Whether a key belongs to an input method that is still putting characters together. */
export function isComposing(event) {
  // Safari ends the composition before it tells of the key that ended it.
  return event.isComposing || event.keyCode === 229
}
