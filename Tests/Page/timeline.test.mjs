import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clusterReport } from '../../Sources/Page/logic/cluster.mjs'
import { observe, timelineLength, withTold } from '../../Sources/Page/logic/timeline.mjs'
import { leading, member, status } from './samples.mjs'

function report(all, ports = [4000, 4001, 4002]) {
  const reports = new Map(Object.entries(all).map(([port, said]) => [`id${port}`, said]))
  const members = ports.map((port) => member(port))
  return clusterReport({ cluster: 'c1', quorum: 2, members, reports })
}

const well = report({
  4000: { status: leading(4000) }, 4001: { status: status(4001) }, 4002: { status: status(4002) },
})
const leaderless = report({
  4000: { failure: 'unreachable' }, 4001: { status: status(4001) }, 4002: { status: status(4002) },
})
const elected = report({
  4000: { failure: 'unreachable' }, 4001: { status: leading(4001, { term: 4 }) },
  4002: { status: status(4002, { term: 4 }) },
})

const told = ({ entries }) => entries.map(({ kind, address }) => `${kind} ${address ?? ''}`.trim())

suite('The timeline', () => {
  test('it begins with the leader', () => {
    assert.deepEqual(observe(null, well, 1).entries, [
      { kind: 'leader', address: '127.0.0.1:4000', term: 3, time: 1 },
    ])
  })

  test('nothing new is nothing to tell', () => {
    assert.equal(observe(observe(null, well, 1), well, 2).entries.length, 1)
  })

  test('it tells of a node that dies, of the election, and of the return', () => {
    let timeline = null
    for (const seen of [well, leaderless, elected]) timeline = observe(timeline, seen, 5)
    assert.deepEqual(told(timeline), [
      'leader 127.0.0.1:4001', 'none', 'down 127.0.0.1:4000', 'leader 127.0.0.1:4000',
    ])
    assert.equal(timeline.entries[0].term, 4)
  })

  test('the same leader in a newer term was elected anew', () => {
    const again = report({
      4000: { status: leading(4000, { term: 9 }) }, 4001: { status: status(4001) },
      4002: { status: status(4002) },
    })
    assert.equal(observe(observe(null, well, 1), again, 2).entries[0].term, 9)
  })

  test('it tells of members that come and go', () => {
    const two = report({ 4000: { status: leading(4000) } }, [4000, 4009])
    const news = told(observe(observe(null, well, 1), two, 2))
    assert.deepEqual(news.slice(0, 3).sort(), [
      'joined 127.0.0.1:4009', 'removed 127.0.0.1:4001', 'removed 127.0.0.1:4002',
    ])
  })

  test('it does not grow for ever', () => {
    let timeline = null
    for (let time = 0; time < 200; time += 1) {
      timeline = observe(timeline, time % 2 ? well : leaderless, time)
    }
    assert.equal(timeline.entries.length, timelineLength)
  })

  test('what nodes tell goes before what the page saw, and is told once', () => {
    const at = (second) => `2026-11-28T08:00:0${second}.000Z`
    const told = [
      { address: 'a', entries: [
        { time: at(0), kind: 'started', term: 0 }, { time: at(1), kind: 'asks', term: 0 },
        { time: at(2), kind: 'leads', term: 1 }, { time: at(3), kind: 'joined', term: 1, member: 'c' },
      ] },
      { address: 'b', entries: [
        { time: at(2), kind: 'follows', term: 1, member: 'a' }, { time: at(3), kind: 'joined', term: 1, member: 'c' },
      ] },
    ]
    const seen = [
      { kind: 'down', address: 'b', time: Date.parse(at(5)) },
      { kind: 'leader', address: 'a', term: 1, time: Date.parse(at(4)) },
      { kind: 'joined', address: 'c', time: Date.parse(at(4)) },
    ]
    assert.deepEqual(
      withTold(seen, told).map(({ kind, address }) => `${kind} ${address}`),
      ['down b', 'joined c', 'leader a', 'started a'],
    )
    // What no living node tells any more stays as it was seen.
    assert.deepEqual(withTold(seen, []).map(({ kind }) => kind), ['down', 'leader', 'joined'])
  })
})
