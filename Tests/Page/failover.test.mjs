import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bestNode, reasonToLeave } from '../../Sources/Page/logic/failover.mjs'
import { leading, member, status } from './samples.mjs'

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

  test('not when nobody answers', () => {
    assert.equal(leave({ 4000: gone, 4001: gone }), null)
  })

  test('when it has known no leader for long and another does', () => {
    const all = { 4000: { status: status(4000, { leader: null }) }, 4001: { status: status(4001) } }
    assert.equal(leave(all, { leaderlessFor: 500 }), null)
    assert.equal(leave(all, { leaderlessFor: 5000 }), 'alone')
  })

  test('not during an election that nobody has won', () => {
    const alone = (port) => ({ status: status(port, { leader: null }) })
    assert.equal(leave({ 4000: alone(4000), 4001: alone(4001) }, { leaderlessFor: 5000 }), null)
  })
})

suite('Where to go', () => {
  const go = (all, more = {}) =>
    bestNode(nodes, reports(all), { cluster: 'c1', revision: 7, except: 'id4000', ...more })?.address

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

  test('to another cluster only if nobody of this one is left', () => {
    const other = { status: status(4001, { cluster: 'c2' }) }
    assert.equal(go({ 4001: other, 4010: { status: status(4010) } }), '127.0.0.1:4010')
    assert.equal(go({ 4001: other }), '127.0.0.1:4001')
  })
})
