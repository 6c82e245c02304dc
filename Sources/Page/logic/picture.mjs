// The picture of a cluster: its nodes on a ring, the messages between them, and what the rules of Raft made of
// them. It is fed with the frames that nodes report (`/consensus`), and knows neither nodes nor the screen.

/** How long a message is under way on the picture, in milliseconds. */
export const flightTime = 450
/** A node reports this often, in milliseconds. */
export const frameTime = 200
/** A node that has said nothing for so long is not drawn as if it lived. */
export const silenceTime = 1500
/** How many messages of one kind to one peer are drawn of one frame. */
const drawnMessages = 3
const keptStories = 40

export const emptyPicture = { nodes: new Map(), flights: [], stories: [], nextID: 1 }

/**
 * The picture after a frame.
 *
 * @param frame as a node reports it: `{node, address, role, term, vote, messages, ...}`.
 * @param now milliseconds of the clock that the picture is drawn by.
 */
export function takeFrame(picture, frame, now) {
  const before = picture.nodes.get(frame.node) ?? null
  const nodes = new Map(picture.nodes)
  nodes.set(frame.node, { ...frame, heardAt: now })
  const { flights, nextID } = flightsOf(frame, now, picture.nextID)
  const stories = storiesBetween(before, frame, nodes).map((story, at) => ({
    ...story, id: nextID + at, time: frame.time,
  }))
  return {
    nodes,
    flights: [...picture.flights.filter(({ end }) => end > now), ...flights],
    stories:
      stories.length === 0 ? picture.stories : [...stories.reverse(), ...picture.stories].slice(0, keptStories),
    nextID: nextID + stories.length,
  }
}

/** The picture without nodes that are no members any more. */
export function keepMembers(picture, ids) {
  const nodes = new Map([...picture.nodes].filter(([id]) => ids.includes(id)))
  return nodes.size === picture.nodes.size ? picture : { ...picture, nodes }
}

function flightsOf(frame, now, nextID) {
  const flights = []
  for (const message of frame.messages) {
    const count = Math.min(message.count, drawnMessages)
    for (let at = 0; at < count; at += 1) {
      const start = now + (frameTime * (at + 0.5)) / count
      flights.push({
        id: nextID, from: frame.node, to: message.to, kind: message.kind, term: message.term,
        start, end: start + flightTime,
      })
      nextID += 1
    }
  }
  return { flights, nextID }
}

/** What a frame of a node tells that the one before did not, as a rule of the paper made it so. */
export function storiesBetween(before, frame, nodes) {
  const stories = []
  const tell = (kind, more = {}) =>
    stories.push({ kind, node: frame.address, term: frame.term, ...more })
  const address = (id) => nodes.get(id)?.address ?? id
  if (!before) return stories
  const entered = (role) => frame.role === role && (before.role !== role || before.term !== frame.term)
  if (entered('preCandidate') && before.role !== 'preCandidate') {
    tell('asks', { silence: before.timeout })
  }
  if (entered('candidate')) tell('stands')
  if (frame.vote && frame.vote !== frame.node && (before.vote !== frame.vote || before.term !== frame.term)) {
    tell('votes', { member: address(frame.vote) })
  }
  if (entered('leader')) tell('leads')
  if (before.role === 'leader' && frame.role !== 'leader') {
    tell(frame.term > before.term ? 'yields' : 'losesQuorum', { old: before.term })
  }
  if (frame.messages.some(({ kind }) => kind === 'vote_refused')) tell('refusesVote')
  if (frame.messages.some(({ kind }) => kind === 'mismatch')) tell('mismatch')
  if (frame.messages.some(({ kind }) => kind === 'snapshot')) tell('snapshot')
  if (frame.messages.some(({ kind }) => kind === 'timeout_now')) tell('handsOver')
  // A log is cut only where a leader's differs from it.
  if (frame.last < before.last) tell('truncates', { entries: before.last - frame.last })
  if (frame.role === 'leader' && before.role === 'leader' && frame.committed > before.committed) {
    tell('commits', { index: frame.committed, entries: frame.committed - before.committed })
  }
  return stories
}

/** Whether a node said something lately. */
export const isHeard = (node, now) => node !== undefined && now - node.heardAt < silenceTime

/**
 * Where each node stands: on a ring, the first at the top.
 *
 * @returns a map from id to `{x, y}`.
 */
export function places(ids, { x, y, radius }) {
  return new Map(
    ids.map((id, at) => {
      const angle = (2 * Math.PI * at) / ids.length - Math.PI / 2
      const reach = ids.length === 1 ? 0 : radius
      return [id, { x: x + reach * Math.cos(angle), y: y + reach * Math.sin(angle) }]
    }),
  )
}

/** Which part of its way a message has come; `null` before and after. */
export function progress({ start, end }, now) {
  return now < start || now >= end ? null : (now - start) / (end - start)
}

/** How much of the election time-out has run: 0 to 1; a leader has none. */
export function timeoutShare({ role, silence, timeout, heardAt }, now) {
  if (role === 'leader' || !timeout) return 0
  return Math.min(1, (silence + Math.max(0, now - heardAt)) / timeout)
}

/**
 * The last entries of a node's log, the oldest first.
 *
 * @returns `{index, term, state}`: 'applied', 'committed', 'durable' or 'new'.
 */
export function logCells({ last, terms, committed, applied, durable }) {
  return terms.map((term, at) => {
    const index = last - terms.length + 1 + at
    const state =
      index <= applied ? 'applied' : index <= committed ? 'committed' : index <= durable ? 'durable' : 'new'
    return { index, term, state }
  })
}

/** What a picture says without movement: how many messages of which kind go from node to node. */
export function traffic(flights, now) {
  const counts = new Map()
  for (const { from, to, kind, start, end } of flights) {
    if (now < start - frameTime || now >= end) continue
    const key = `${from} ${to} ${kind}`
    const found = counts.get(key) ?? { key, from, to, kind, count: 0 }
    counts.set(key, { ...found, count: found.count + 1 })
  }
  return [...counts.values()]
}
