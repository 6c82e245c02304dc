// Draws a cluster: nodes on a ring, messages on their way, the end of each log. Real nodes and simulated ones
// are drawn alike.

import { logCells, places } from '../logic/picture.mjs'
import { fromTemplate, setText, showAll } from './elements.mjs'

const ring = { x: 200, y: 150, radius: 108 }

/**
 * Draws a scene.
 *
 * @param parts the groups of the drawing: `{links, flights, nodes}`.
 * @param scene `{members, names, nodes, flights, cut, words}`: members as `{id, address, isUp, role?,
 *   term?}`; the frame of each that is heard, with its `share` of the election time-out, by id; messages as
 *   `{id, from, to, kind, share}`; `cut(a, b)` says whether what one address sends to another is lost.
 */
export function drawScene({ links, flights, nodes }, scene) {
  const spots = places(scene.members.map(({ id }) => id), ring)
  drawSight(links.ownerSVGElement, [...spots.values()])
  drawLinks(links, scene, spots)
  drawFlights(flights, scene, spots)
  drawNodes(nodes, scene, spots)
}

/** Shows as little of the plane as holds all words, so that they are large on a small screen. */
function drawSight(svg, spots) {
  const placed = spots.map((spot) => ({ ...spot, side: sideOf(spot) }))
  const reach = Math.max(140, ...placed.map(({ x, side }) => Math.abs(x - ring.x) + room[side].across))
  const bottom = Math.max(280, ...placed.map(({ y, side }) => y + room[side].down))
  const hasWordsBeside = reach > ring.radius + room.below.across
  set(svg, { viewBox: `${ring.x - reach} -6 ${2 * reach} ${bottom + 6}`, class: hasWordsBeside ? 'wide' : 'narrow' })
}

function drawLinks(links, { members, cut }, spots) {
  const pairs = members.flatMap((one, at) =>
    members.slice(at + 1).map((other) => ({ one, other, key: `${one.id} ${other.id}` })),
  )
  showAll(links, pairs, {
    key: ({ key }) => key,
    make() {
      const way = shape('g', 'way')
      // The second one is wide enough to be hit.
      way.append(shape('line', 'link'), shape('line', 'reach'))
      return way
    },
    update(way, { one, other }) {
      const [from, to] = [spots.get(one.id), spots.get(other.id)]
      const cuts = [cut(one.address, other.address), cut(other.address, one.address)]
      const look = cuts.every(Boolean) ? 'link cut' : cuts.some(Boolean) ? 'link half' : 'link'
      for (const line of way.children) set(line, { x1: from.x, y1: from.y, x2: to.x, y2: to.y })
      set(way.firstElementChild, { class: look })
      way.dataset.way = `${portOf(one)} ${portOf(other)}`
    },
  })
}

const portOf = ({ address }) => address.slice(address.lastIndexOf(':') + 1)

function drawNodes(place, { members, names, nodes, words }, spots) {
  showAll(place, members, {
    key: ({ id }) => id,
    make: nodeShape,
    update(group, member) {
      const { x, y } = spots.get(member.id)
      const node = member.isUp ? nodes.get(member.id) : undefined
      const role = node ? node.role : member.isUp ? (member.role ?? 'follower') : 'down'
      const look = `node ${role}${node?.paused ? ' paused' : ''}`
      set(group, { transform: `translate(${x} ${y})`, class: look })
      const part = (name) => group.querySelector(`.${name}`)
      setText(part('node-name'), names.get(member.address) ?? member.address)
      const term = (node ?? member).term ?? '?'
      setText(part('node-term'), member.isUp ? words.termShort(term) : words.down)
      const share = node?.share ?? 0
      set(part('timeout'), { 'stroke-dasharray': `${share} ${1 - share}` })
      const voted = members.find(({ id }) => id === node?.vote)
      const vote = voted && (names.get(voted.address) ?? voted.address)
      setText(part('node-vote'), vote ? words.votedFor(vote) : '')
      drawLog(group, node, sideOf({ x, y }))
    },
  })
}

function nodeShape() {
  const group = shape('g', 'node')
  const info = shape('g', 'info')
  info.append(shape('g', 'log'), shape('text', 'node-last', { y: 20 }), shape('text', 'node-vote', { y: 33 }))
  group.append(
    shape('circle', 'disc', { r: 28 }),
    shape('circle', 'timeout', { r: 28, pathLength: 1, transform: 'rotate(-90)' }),
    shape('path', 'crown', { d: 'M-9 -33 l-3 -11 l6 5 l6 -8 l6 8 l6 -5 l-3 11 z' }),
    shape('text', 'node-name', { y: 0 }), shape('text', 'node-term', { y: 14 }), info,
  )
  return group
}

/** Where there is room beside a node: away from the middle of the ring. */
const sideOf = ({ x, y }) => (y > ring.y - 20 ? 'below' : x < ring.x - 20 ? 'left' : 'right')

const sides = {
  below: { place: 'translate(0 35)', begin: -0.5, anchor: 'middle' },
  right: { place: 'translate(37 -16)', begin: 0, anchor: 'start' },
  left: { place: 'translate(-37 -16)', begin: -1, anchor: 'end' },
}
/** How far a node and the words at it reach from its middle. */
const room = { below: { across: 46, down: 76 }, right: { across: 130, down: 32 }, left: { across: 130, down: 32 } }
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

function drawFlights(place, { members, flights, cut }, spots) {
  const addresses = new Map(members.map(({ id, address }) => [id, address]))
  const known = flights.filter(
    ({ from, to, share, isLost }) =>
      spots.has(from) && spots.has(to)
      // What is lost does not arrive.
      && (share < 0.5 || !(isLost || cut(addresses.get(from), addresses.get(to)))),
  )
  showAll(place, known, {
    key: ({ id }) => id,
    make: ({ kind }) => shape('circle', `flight ${kind}`),
    update(dot, { from, to, share, kind }) {
      const [start, end] = [spots.get(from), spots.get(to)]
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

/**
 * Tells in words what happened.
 *
 * @param stories as `logic/picture.mjs` makes them, the newest first.
 * @param named gives the name of an address.
 * @param when gives what is shown as the time of a story.
 */
export function drawStories(list, stories, words, { named, when }) {
  showAll(list, stories, {
    key: ({ id }) => id,
    make: () => fromTemplate('entry'),
    update(line, story) {
      setText(line.querySelector('time'), when(story))
      const told = { ...story, node: named(story.node), member: named(story.member) }
      setText(line.querySelector('span'), words.story[story.kind](told))
    },
  })
}

function shape(name, look, attributes = {}) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  set(element, { class: look, ...attributes })
  return element
}

/** Sets attributes, those that are other ones than before. */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value)
  }
}
