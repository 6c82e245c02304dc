import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bestNode, reasonToLeave, reportOf, takenOver } from '../../Sources/Page/logic/failover.mjs'
import { c1, c1Anew, c2, leading, member, status } from './samples.mjs'

const nodes = [4000, 4001, 4002, 4010].map((port) => member(port))
const reports = (all) => new Map(Object.entries(all).map(([port, report]) => [`id${port}`, report]))
const gone = { failure: 'timeout', failures: 2 }

suite('When to leave the node in use', () => {
  const leave = (all, more = {}) =>
    reasonToLeave('id4000', reports(all), {
      isMember: true, silentFor: 5000, leaderlessFor: 0, ...more,
    })

  test('not while it answers', () => {
    assert.equal(leave({ 4000: { status: status(4000) }, 4001: { status: status(4001) } }), null)
  })

  test('when it does not answer and another does', () => {
    assert.equal(leave({ 4000: gone, 4001: { status: status(4001) } }), 'gone')
  })

  test('not for one late answer', () => {
    const late = { failure: 'timeout', failures: 1 }
    assert.equal(leave({ 4000: late, 4001: { status: status(4001) } }), null)
  })

  test('not while its stream goes on: a busy node may be late', () => {
    assert.equal(leave({ 4000: gone, 4001: { status: status(4001) } }, { silentFor: 500 }), null)
  })

  test('when it was removed from the cluster, however well it answers', () => {
    const all = { 4000: { status: status(4000) }, 4001: { status: status(4001) } }
    assert.equal(leave(all, { isMember: false }), 'removed')
  })

  test('not when no node answers', () => {
    assert.equal(leave({ 4000: gone, 4001: gone }), null)
  })

  test('when it has known no leader for long and another does', () => {
    const all = { 4000: { status: status(4000, { leader: null }) }, 4001: { status: status(4001) } }
    assert.equal(leave(all, { leaderlessFor: 500 }), null)
    assert.equal(leave(all, { leaderlessFor: 5000 }), 'alone')
  })

  test('not during an election without a winner', () => {
    const alone = (port) => ({ status: status(port, { leader: null }) })
    assert.equal(leave({ 4000: alone(4000), 4001: alone(4001) }, { leaderlessFor: 5000 }), null)
  })
})

suite('Where to go', () => {
  const go = (all, more = {}) =>
    bestNode(nodes, reports(all), { revision: 7, except: 'id4000', ...more })?.address

  test('to a living node, the first by address', () => {
    const all = { 4000: gone, 4010: { status: status(4010) }, 4002: { status: status(4002) } }
    assert.equal(go(all), '127.0.0.1:4002')
  })

  test('never to the one that is being left', () => {
    assert.equal(go({ 4000: { status: leading(4000) } }), undefined)
  })

  test('rather to one that knows the leader', () => {
    const all = { 4001: { status: status(4001, { leader: null }) }, 4002: { status: status(4002) } }
    assert.equal(go(all), '127.0.0.1:4002')
  })

  test('rather to one that has all the page has shown', () => {
    const all = { 4001: { status: status(4001, { revision: 5 }) }, 4002: { status: status(4002) } }
    assert.equal(go(all), '127.0.0.1:4002')
  })

  test('never to another cluster', () => {
    const other = reportOf(nodes[1], { status: 200, body: status(4001, c2) }, c1)
    assert.equal(go({ 4001: other, 4010: { status: status(4010) } }), '127.0.0.1:4010')
    assert.equal(go({ 4001: other }), undefined)
  })
})

suite('What a node says of itself', () => {
  const report = (body, identity = c1, before = undefined) =>
    reportOf(member(4000), { status: 200, body }, identity, before)

  test('a node of the cluster is one whose birth is the same, or not known', () => {
    assert.ok(report(status(4000, c1)).status)
    assert.ok(report(status(4000, { birth: null })).status)
    assert.ok(report(status(4000)).status)
    assert.ok(report(status(4000, c2), null).status)
  })

  test('one of another cluster, or another node, does not count', () => {
    assert.equal(report(status(4000, c2)).failure, 'anotherCluster')
    assert.equal(report(status(4000, c1Anew)).failure, 'anotherCluster')
    assert.equal(report(status(4009, c1)).failure, 'stranger')
    assert.equal(report(status(4009, c1), c1, { failures: 1 }).failures, 2)
  })
})

suite('When another cluster has taken the place', () => {
  const taken = { failure: 'anotherCluster', failures: 1 }
  const over = (all, more = {}) =>
    takenOver(nodes, reports(all), {
      inUse: 'id4000', origin: 'id4001', silentFor: 5000, ...more,
    })?.address

  test('of the node in use', () => {
    assert.equal(over({ 4000: taken, 4001: gone, 4002: taken }, { silentFor: 0 }), '127.0.0.1:4000')
  })

  test('of the node that the page came from, and the one in use is gone', () => {
    assert.equal(over({ 4000: gone, 4001: taken, 4002: taken }), '127.0.0.1:4001')
    assert.equal(over({ 4000: gone, 4001: gone, 4002: taken }), '127.0.0.1:4002')
  })

  test('not for one late answer of the node in use', () => {
    assert.equal(over({ 4000: { failure: 'timeout', failures: 1 }, 4001: taken }), undefined)
    assert.equal(over({ 4000: gone, 4001: taken }, { silentFor: 500 }), undefined)
  })

  test('not while a node of the cluster lives, or when all are just gone', () => {
    assert.equal(over({ 4000: taken, 4001: { status: status(4001) } }), undefined)
    assert.equal(over({ 4000: gone, 4001: gone }), undefined)
  })
})
