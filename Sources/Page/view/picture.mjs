// The cluster as a picture: nodes on a ring, messages on their way, the end of each log; and in words what just
// happened. It is drawn only while it is in sight, and asks the nodes for nothing otherwise.

import { shortNames } from '../logic/cluster.mjs'
import {
  emptyPicture, isHeard, keepMembers, logCells, places, progress, takeFrame, timeoutShare, traffic,
} from '../logic/picture.mjs'
import { ConsensusFeed } from '../network/consensus.mjs'
import { isCut } from '../logic/lab.mjs'
import { fromTemplate, setText, showAll } from './elements.mjs'
import { labReport, toggle } from './lab.mjs'

const figure = document.getElementById('picture')
const links = document.getElementById('picture-links')
const flights = document.getElementById('picture-flights')
const nodes = document.getElementById('picture-nodes')
const stories = document.getElementById('stories')
const noStories = document.getElementById('no-stories')
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

const ring = { x: 200, y: 150, radius: 108 }
/** Stories that are in sight. */
const shownStories = 5

let picture = emptyPicture
let isInSight = false
let isMoving = false
/** What is drawn besides: the members, their places and names, and the words. */
let scene = { members: [], places: new Map(), names: new Map(), words: null, language: 'en' }

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
  links.addEventListener('click', ({ target }) => toggle(target.dataset.way))
  store.subscribe(look)
}

/** Asks the living members for frames, if anybody can see them. */
function follow({ report, token }) {
  const isWanted = isInSight && !document.hidden && report
  feed.follow(isWanted ? report.members.filter(({ isUp }) => isUp) : [], token)
}

export function drawPicture({ report }, words, language) {
  if (!report) return
  const members = [...report.members].sort((a, b) => (a.address < b.address ? -1 : 1))
  const ids = members.map(({ id }) => id)
  scene = { members, places: places(ids, ring), names: shortNames(members), words, language }
  picture = keepMembers(picture, ids)
  drawLinks()
  drawStill()
}

/** Draws frame by frame as long as something moves. */
function move() {
  if (isMoving) return
  isMoving = true
  requestAnimationFrame(function step() {
    drawStill()
    isMoving = isInSight && picture.flights.some(({ end }) => end > performance.now())
    if (isMoving) requestAnimationFrame(step)
  })
}

function drawStill() {
  const now = performance.now()
  if (!scene.words) return
  drawNodes(now)
  drawFlights(now)
  drawStories()
}

function drawLinks() {
  const pairs = scene.members.flatMap((one, at) =>
    scene.members.slice(at + 1).map((other) => ({ one, other, key: `${one.id} ${other.id}` })),
  )
  showAll(links, pairs, {
    key: ({ key }) => key,
    make: () => shape('line', 'link'),
    update(line, { one, other }) {
      const [from, to] = [scene.places.get(one.id), scene.places.get(other.id)]
      const lab = labReport()
      const cuts = [isCut(lab, one.address, other.address), isCut(lab, other.address, one.address)]
      const look = cuts.every(Boolean) ? 'link cut' : cuts.some(Boolean) ? 'link half' : 'link'
      set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: look })
      line.dataset.way = `${portOf(one)} ${portOf(other)}`
    },
  })
}

const portOf = ({ address }) => address.slice(address.lastIndexOf(':') + 1)

function drawNodes(now) {
  const { words } = scene
  showAll(nodes, scene.members, {
    key: ({ id }) => id,
    make: () => fromTemplate('picture-node').firstElementChild,
    update(group, member) {
      const { x, y } = scene.places.get(member.id)
      const node = picture.nodes.get(member.id)
      const isLive = member.isUp && isHeard(node, now)
      const role = isLive ? node.role : member.isUp ? (member.role ?? 'follower') : 'down'
      set(group, { transform: `translate(${x} ${y})`, class: `node ${role}` })
      const part = (name) => group.querySelector(`.${name}`)
      setText(part('node-name'), scene.names.get(member.address))
      const term = (isLive ? node.term : member.term) ?? '?'
      setText(part('node-term'), member.isUp ? words.termShort(term) : words.down)
      const share = isLive ? timeoutShare(node, now) : 0
      set(part('timeout'), { 'stroke-dasharray': `${share} ${1 - share}` })
      const voted = isLive && node.vote ? picture.nodes.get(node.vote) : null
      setText(part('node-vote'), voted ? words.votedFor(scene.names.get(voted.address) ?? '?') : '')
      drawLog(group, isLive ? node : null, sideOf({ x, y }))
    },
  })
}

/** Where there is room beside a node: away from the middle of the ring. */
const sideOf = ({ x, y }) => (y > ring.y - 20 ? 'below' : x < ring.x - 20 ? 'left' : 'right')

const sides = {
  below: { place: 'translate(0 35)', begin: -0.5, anchor: 'middle' },
  right: { place: 'translate(37 -16)', begin: 0, anchor: 'start' },
  left: { place: 'translate(-37 -16)', begin: -1, anchor: 'end' },
}
const cellWidth = 7

function drawLog(group, node, side) {
  const { place, begin, anchor } = sides[side]
  set(group.querySelector('.info'), { transform: place, 'text-anchor': anchor })
  const cells = node ? logCells(node) : []
  const first = begin * cells.length * cellWidth
  showAll(group.querySelector('.log'), cells, {
    key: ({ index }) => index,
    make: () => shape('rect', 'cell'),
    update(cell, { index, term, state }) {
      const x = first + (index - cells[0].index) * cellWidth
      set(cell, { x, y: 0, width: 6, height: 8, class: `cell ${state} term${term % 6}` })
    },
  })
  setText(group.querySelector('.node-last'), node ? `#${node.last}` : '')
}

function drawFlights(now) {
  const shown = stillness.matches
    ? traffic(picture.flights, now).map((item) => ({ ...item, id: item.key, share: 0.35 }))
    : picture.flights
        .map((flight) => ({ ...flight, share: progress(flight, now) }))
        .filter(({ share }) => share !== null)
  const lab = labReport()
  const addresses = new Map(scene.members.map(({ id, address }) => [id, address]))
  const known = shown.filter(
    ({ from, to, share }) =>
      scene.places.has(from) && scene.places.has(to)
      // What is lost does not arrive.
      && (share < 0.5 || !isCut(lab, addresses.get(from), addresses.get(to))),
  )
  showAll(flights, known, {
    key: ({ id }) => id,
    make: ({ kind }) => shape('circle', `flight ${kind}`),
    update(dot, { from, to, share, kind }) {
      const [start, end] = [scene.places.get(from), scene.places.get(to)]
      // What goes there and what comes back keep to their own side of the way.
      const length = Math.hypot(end.x - start.x, end.y - start.y) || 1
      const aside = { x: (4 * (start.y - end.y)) / length, y: (4 * (end.x - start.x)) / length }
      set(dot, {
        cx: start.x + (end.x - start.x) * share + aside.x,
        cy: start.y + (end.y - start.y) * share + aside.y,
        r: radius[kind] ?? 4,
      })
    },
  })
}

const radius = { heartbeat: 2.5, matched: 2.5, confirmations: 2, read_index: 2, read_index_reply: 2, snapshot: 7 }

function drawStories() {
  const { words, names, language } = scene
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })
  const name = (address) => names.get(address) ?? address
  noStories.hidden = picture.stories.length > 0
  showAll(stories, picture.stories.slice(0, shownStories), {
    key: ({ id }) => id,
    make: () => fromTemplate('entry'),
    update(line, story) {
      const time = line.querySelector('time')
      time.dateTime = new Date(story.time).toISOString()
      setText(time, clock.format(story.time))
      const named = { ...story, node: name(story.node), member: name(story.member) }
      setText(line.querySelector('span'), words.story[story.kind](named))
    },
  })
}

function shape(name, look) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  set(element, { class: look })
  return element
}

/** Sets attributes, those that are other ones than before. */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value)
  }
}
