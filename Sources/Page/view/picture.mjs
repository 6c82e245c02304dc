// The cluster as a picture, live: what the nodes report of how they agree. It is drawn only while it is in
// sight or there is a lab, and asks the nodes for nothing otherwise.

import { shortNames } from '../logic/cluster.mjs'
import { isCut } from '../logic/lab.mjs'
import { emptyPicture, isHeard, keepMembers, progress, takeFrame, timeoutShare, traffic } from '../logic/picture.mjs'
import { ConsensusFeed } from '../network/consensus.mjs'
import { drawScene, drawStories } from './drawing.mjs'
import { labReport, toggle } from './lab.mjs'

const figure = document.getElementById('picture')
const links = document.getElementById('picture-links')
const flights = document.getElementById('picture-flights')
const nodes = document.getElementById('picture-nodes')
const stories = document.getElementById('stories')
const noStories = document.getElementById('no-stories')
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

/** Stories that are in sight. */
const shownStories = 5

let picture = emptyPicture
/** The stories that are shown: they change far less often than what moves. */
let told = null
let isInSight = false
let isMoving = false
/** What is drawn besides: the members and their names, and the words. */
let scene = { members: [], names: new Map(), words: null, language: 'en' }

const feed = new ConsensusFeed((frame) => {
  picture = takeFrame(picture, frame, performance.now())
  move()
})

export function startPicture(store) {
  const look = () => follow(store.state)
  new IntersectionObserver((entries) => {
    isInSight = entries.at(-1).isIntersecting
    look()
  }).observe(figure)
  document.addEventListener('visibilitychange', look)
  // For the mouse; the keyboard has the buttons of the lab.
  links.addEventListener('click', ({ target }) => toggle(target.closest('.way')?.dataset.way))
  store.subscribe(look)
}

/** Asks the living members for frames, if they can be seen, or tell what becomes of what the lab breaks. */
function follow({ report, token }) {
  const isWanted = (isInSight || labReport() !== null) && !document.hidden && report
  feed.follow(isWanted ? report.members.filter(({ isUp }) => isUp) : [], token)
}

export function drawPicture({ report }, words, language) {
  if (!report) return
  const members = [...report.members].sort((a, b) => (a.address < b.address ? -1 : 1))
  scene = { members, names: shortNames(members), words, language }
  picture = keepMembers(picture, members.map(({ id }) => id))
  told = null
  draw()
}

/** Draws frame by frame as long as something moves. */
function move() {
  if (isMoving) return
  isMoving = true
  requestAnimationFrame(function step() {
    draw()
    isMoving = isInSight && picture.flights.some(({ end }) => end > performance.now())
    if (isMoving) requestAnimationFrame(step)
  })
}

function draw() {
  const now = performance.now()
  if (!scene.words) return
  const heard = [...picture.nodes]
    .filter(([, node]) => isHeard(node, now))
    .map(([id, node]) => [id, { ...node, share: timeoutShare(node, now) }])
  const lab = labReport()
  drawScene(
    { links, flights, nodes },
    { ...scene, nodes: new Map(heard), flights: underWay(now), cut: (from, to) => isCut(lab, from, to) },
  )
  tell()
}

function tell() {
  if (told === picture.stories) return
  told = picture.stories
  const { names, words, language } = scene
  noStories.hidden = told.length > 0
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })
  drawStories(stories, told.slice(0, shownStories), words, {
    named: (address) => names.get(address) ?? address,
    when: ({ time }) => clock.format(time),
  })
}

/** The messages that are under way now; without movement, all at the same part of their way. */
function underWay(now) {
  if (stillness.matches) {
    return traffic(picture.flights, now).map((item) => ({ ...item, id: item.key, share: 0.35 }))
  }
  return picture.flights
    .map((flight) => ({ ...flight, share: progress(flight, now) }))
    .filter(({ share }) => share !== null)
}
