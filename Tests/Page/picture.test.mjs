import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  emptyPicture, flightTime, frameTime, isHeard, keepMembers, logCells, places, progress, silenceTime,
  takeFrame, timeoutShare, traffic,
} from '../../Sources/Page/logic/picture.mjs'

function frame(more = {}) {
  return {
    time: 0, node: 'a', address: '127.0.0.1:4000', role: 'follower', term: 3, vote: null, votes: {},
    leader: null, silence: 40, timeout: 200, committed: 5, applied: 4, durable: 6, last: 7,
    terms: [2, 2, 3, 3], messages: [], ...more,
  }
}

/** The stories, the oldest first, that follow from frames. */
function told(...frames) {
  let picture = emptyPicture
  frames.forEach((item, at) => (picture = takeFrame(picture, frame(item), at * frameTime)))
  return picture.stories.map(({ kind }) => kind).reverse()
}

suite('The picture of a cluster', () => {
  test('the first frame of a node tells no story: nobody saw what was before', () => {
    assert.deepEqual(told({ role: 'leader' }), [])
  })

  test('an election is told step by step', () => {
    assert.deepEqual(
      told({}, { role: 'preCandidate' }, { role: 'candidate', term: 4, vote: 'a' }, { role: 'leader', term: 4, vote: 'a' }),
      ['asks', 'stands', 'leads'],
    )
  })

  test('a step that no frame showed is left out, and the end is told', () => {
    assert.deepEqual(told({}, { role: 'leader', term: 4, vote: 'a' }), ['leads'])
  })

  test('a vote is told once, and again in another term', () => {
    assert.deepEqual(told({}, { vote: 'b' }, { vote: 'b' }, { vote: 'b', term: 4 }), ['votes', 'votes'])
  })

  test('a leader that hears of a newer term yields; one that hears nobody loses its quorum', () => {
    assert.deepEqual(told({ role: 'leader' }, { term: 4 }), ['yields'])
    assert.deepEqual(told({ role: 'leader' }, {}), ['losesQuorum'])
  })

  test('only a leader tells of commits', () => {
    assert.deepEqual(told({ role: 'leader' }, { role: 'leader', committed: 7 }), ['commits'])
    assert.deepEqual(told({}, { committed: 7 }), [])
  })

  test('a log that becomes shorter has given up entries', () => {
    assert.deepEqual(told({}, { last: 5 }), ['truncates'])
  })

  test('refusals, snapshots and transfers are told', () => {
    const message = (kind) => ({ to: 'b', kind, count: 1, term: 3 })
    assert.deepEqual(
      told({}, { messages: ['vote_refused', 'mismatch', 'snapshot', 'timeout_now'].map(message) }),
      ['refusesVote', 'mismatch', 'snapshot', 'handsOver'],
    )
  })

  test('messages are under way for a while, a few of each kind', () => {
    const messages = [
      { to: 'b', kind: 'heartbeat', count: 50, term: 3 }, { to: 'c', kind: 'append', count: 1, term: 3 },
    ]
    const { flights } = takeFrame(emptyPicture, frame({ messages }), 1000)
    assert.deepEqual(flights.map(({ to }) => to), ['b', 'b', 'b', 'c'])
    for (const flight of flights) {
      assert.equal(progress(flight, flight.start), 0)
      assert.equal(progress(flight, flight.start + flightTime / 2), 0.5)
      assert.equal(progress(flight, flight.end), null)
      assert.ok(flight.start >= 1000 && flight.start < 1000 + frameTime)
    }
    assert.deepEqual(
      traffic(flights, 1100).map(({ to, kind, count }) => [to, kind, count]),
      [['b', 'heartbeat', 3], ['c', 'append', 1]],
    )
    const later = takeFrame({ ...emptyPicture, flights }, frame(), 10_000)
    assert.deepEqual(later.flights, [])
  })

  test('each flight and each story has an id of its own', () => {
    let picture = emptyPicture
    for (let at = 0; at < 5; at += 1) {
      const messages = [{ to: 'b', kind: 'vote_refused', count: 2, term: 3 }]
      picture = takeFrame(picture, frame({ role: at % 2 ? 'leader' : 'follower', messages }), at * 10)
    }
    for (const items of [picture.flights, picture.stories]) {
      assert.equal(new Set(items.map(({ id }) => id)).size, items.length)
    }
  })

  test('a node that fell silent is not drawn as if it lived', () => {
    const { nodes } = takeFrame(emptyPicture, frame(), 100)
    assert.ok(isHeard(nodes.get('a'), 100 + silenceTime - 1))
    assert.ok(!isHeard(nodes.get('a'), 100 + silenceTime))
    assert.ok(!isHeard(undefined, 0))
  })

  test('those that are no members any more go', () => {
    const picture = takeFrame(emptyPicture, frame(), 0)
    assert.equal(keepMembers(picture, ['a']), picture)
    assert.equal(keepMembers(picture, ['b']).nodes.size, 0)
  })

  test('nodes stand on a ring, and one alone in its middle', () => {
    const ring = { x: 100, y: 100, radius: 50 }
    const found = places(['a', 'b', 'c', 'd'], ring)
    assert.deepEqual(
      [...found.values()].map(({ x, y }) => [Math.round(x), Math.round(y)]),
      [[100, 50], [150, 100], [100, 150], [50, 100]],
    )
    assert.deepEqual(places(['a'], ring).get('a'), { x: 100, y: 100 })
  })

  test('the time-out runs on between two frames, and a leader has none', () => {
    const node = { ...frame(), heardAt: 1000 }
    assert.equal(timeoutShare(node, 1000), 0.2)
    assert.equal(timeoutShare(node, 1060), 0.5)
    assert.equal(timeoutShare(node, 9000), 1)
    assert.equal(timeoutShare({ ...node, role: 'leader' }, 1000), 0)
  })

  test('entries of the log are new, durable, committed and applied in turn', () => {
    assert.deepEqual(logCells(frame()), [
      { index: 4, term: 2, state: 'applied' }, { index: 5, term: 2, state: 'committed' },
      { index: 6, term: 3, state: 'durable' }, { index: 7, term: 3, state: 'new' },
    ])
  })
})
