// Going from view to view: the links to them, which one is shown, and where the focus is after a step.

import { addressOf, placeFrom, startPlace, views } from '../logic/place.mjs'
import { fromTemplate, isPlainClick, setIcon, setText, showAll } from './elements.mjs'

const links = document.getElementById('views')
const skip = document.getElementById('skip')
const main = document.querySelector('main')
/** The sections that take the place of each other; the cluster stands beside them where there is room. */
const sections = ['tasks', 'keys', 'history'].map((view) => document.getElementById(view))

let shown = addressOf(startPlace)

/** @param go takes the place where the user wants to go. */
export function startNavigation({ go }) {
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a.place[href]')
    if (!link || !isPlainClick(event)) return
    event.preventDefault()
    go(placeFrom(new URL(link.href).search))
    // The next page begins at its top; the browser does not know that it is another one.
    if (!links.contains(link)) scrollTo(0, 0)
  })
}

export function drawNavigation({ place }, words) {
  showAll(links, views, {
    key: (view) => view,
    make: () => fromTemplate('view-link'),
    update(link, view) {
      link.href = addressOf({ ...startPlace, view })
      setIcon(link, view)
      setText(link.querySelector('span'), words[view])
      if (view === place.view) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    },
  })
  main.dataset.view = place.view
  skip.href = `#${place.view}`
  setText(skip, words.skipTo[place.view])
  for (const section of sections) section.hidden = section.id !== place.view
}

/**
 * After everything is drawn: when what had the focus is gone with the place that the user left, the focus
 * goes to what the user came from if that is in sight, else to the heading of the place.
 */
export function focusAfterStep({ place }) {
  const address = addressOf(place)
  if (address === shown) return
  const left = shown
  shown = address
  const { activeElement: focused } = document
  if (focused && focused !== document.body && focused.checkVisibility()) return
  const section = document.getElementById(place.view)
  const candidates = [...section.querySelectorAll('.row[href], h3[tabindex], #key-new-name')].filter(
    (element) => element.checkVisibility(),
  )
  const origin = candidates.find((element) => element.getAttribute('href') === left)
  const heading = candidates.find((element) => !element.matches('.row'))
  ;(origin ?? heading ?? section).focus()
}
