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
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]))
  let place = parent.firstElementChild
  for (const item of items) {
    const name = String(key(item))
    let child = old.get(name)
    old.delete(name)
    if (!child) {
      child = make(item)
      child.dataset.key = name
    }
    update(child, item)
    if (child === place) place = place.nextElementSibling
    else parent.insertBefore(child, place)
  }
  for (const child of old.values()) child.remove()
}

/** A small button that does something once pressed. */
export function makeButton(text, action) {
  const button = fromTemplate('button')
  button.textContent = text
  button.addEventListener('click', action)
  return button
}

/** Whether a key belongs to an input method that is still putting characters together. */
export function isComposing(event) {
  // Safari ends the composition before it tells of the key that ended it.
  return event.isComposing || event.keyCode === 229
}
