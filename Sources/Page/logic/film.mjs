// A simulated life, as it was recorded: what there was at each moment of it, and what happened up to then.

import { storiesBetween } from './picture.mjs'

/** For how many ticks a message is drawn on its way. */
const flightTicks = 2
const drawnMessages = 2

/**
 * A film, ready to be shown.
 *
 * @param told as the simulator tells it: `{seed, violation, frames}`.
 */
export function develop(told) {
  const stories = []
  const last = new Map()
  told.frames.forEach((frame, tick) => {
    const present = new Map(frame.nodes.map((node) => [node.node, node]))
    for (const node of frame.nodes) {
      const before = last.get(node.node)
      if (isUp(node)) {
        if (before && !isUp(before)) stories.push({ kind: 'restarts', node: node.address, tick })
        else if (before) {
          for (const story of storiesBetween(before, node, present)) stories.push({ ...story, tick })
        }
      } else if (before && isUp(before)) {
        stories.push({ kind: 'dies', node: node.address, tick })
      }
      last.set(node.node, node)
    }
  })
  return {
    ...told,
    length: told.frames.length,
    stories: stories.map((story, id) => ({ ...story, id })),
  }
}

const isUp = (node) => node.role !== undefined

/**
 * What there was at a moment.
 *
 * @param position in ticks, whole or not.
 * @returns `{members, nodes, flights, cuts, notes}` as `drawScene` takes them.
 */
export function momentOf(film, position) {
  const tick = Math.min(film.length - 1, Math.max(0, Math.floor(position)))
  const frame = film.frames[tick]
  const members = frame.nodes.map((node) => ({
    id: node.node, address: node.address, isUp: isUp(node), role: node.role, term: node.term,
  }))
  const nodes = new Map(
    frame.nodes.filter(isUp).map((node) => [node.node, { ...node, share: timeoutShare(node) }]),
  )
  return { tick, members, nodes, flights: flightsAt(film, position, tick), cuts: frame.cuts, notes: frame.notes }
}

function timeoutShare({ role, silence, timeout }) {
  return role === 'leader' || !timeout ? 0 : Math.min(1, silence / timeout)
}

/** The messages that are under way at a moment: those of the frames just before it. */
function flightsAt(film, position, tick) {
  const flights = []
  for (let at = Math.max(0, tick - flightTicks); at <= Math.min(film.length - 1, tick + 1); at += 1) {
    const { nodes, lost } = film.frames[at]
    const isLost = (from, to) => lost.some(([one, other]) => one === from && other === to)
    for (const { node, messages } of nodes.filter(isUp)) {
      messages.forEach(({ to, kind, count }, number) => {
        for (let copy = 0; copy < Math.min(count, drawnMessages); copy += 1) {
          // Sent within the tick before the frame.
          const share = (position - (at - 1) - copy * 0.3) / flightTicks
          if (share < 0 || share >= 1) continue
          flights.push({
            id: `${at} ${node} ${number} ${copy}`, from: node, to, kind, share, isLost: isLost(node, to),
          })
        }
      })
    }
  }
  return flights
}

/** What happened up to a moment, the newest first. */
export function storiesUpTo(film, tick, most) {
  let end = 0
  while (end < film.stories.length && film.stories[end].tick <= tick) end += 1
  return film.stories.slice(Math.max(0, end - most), end).reverse()
}

/** Whether what one node sends to another is lost at a moment. */
export const isCutIn = (cuts, from, to) => cuts.some(([one, other]) => one === from && other === to)

/** What a life is made of, from the query of an address. */
export function lifeFrom(query) {
  const parameters = new URLSearchParams(query)
  const number = (name, otherwise) => {
    const value = parameters.get(name)
    return value !== null && /^\d{1,15}$/u.test(value) ? Number(value) : otherwise
  }
  return {
    seed: number('seed', 1), nodes: number('nodes', 3), bug: parameters.get('bug') ?? '',
    orders: parameters.get('orders') ?? '', wild: parameters.has('wild'), at: number('at', 0),
  }
}

/** The query that `lifeFrom` reads: a link to a moment of a life. */
export function queryOf({ seed, nodes, bug, orders, wild, at }) {
  const parameters = new URLSearchParams({ seed })
  if (wild) parameters.set('wild', '')
  else parameters.set('nodes', nodes)
  if (bug) parameters.set('bug', bug)
  if (orders) parameters.set('orders', orders)
  if (at > 0) parameters.set('at', Math.floor(at))
  return `?${parameters}`
}

/** The same life up to a tick, and then with another order: what was ordered for later is given up. */
export function fork(life, tick, order) {
  const kept = life.orders.split(',').filter((text) => text && Number(text.split(':')[0]) <= tick)
  return { ...life, orders: [...kept, `${tick}:${order}`].join(','), at: tick }
}
