import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  isAnythingBroken, isCut, isIsolated, isolation, labFrom, nodeControls, ways,
} from '../../Sources/Page/logic/lab.mjs'

const node = (port, more = {}) => ({
  address: `127.0.0.1:${port}`, port, state: 'running', disk_delay_ms: 0, disk_full: false, clock_ms: 0,
  ...more,
})
const cut = (from, to) => ({ from: `127.0.0.1:${from}`, to: `127.0.0.1:${to}` })
const report = (cuts = [], nodes = [node(4000), node(4001), node(4002)]) => ({ nodes, cuts })

suite('The laboratory', () => {
  test('the end of the address names the lab and its token, or nothing', () => {
    const token = '0123456789abcdef'.repeat(2)
    assert.deepEqual(labFrom(`#lab=40123.${token}`), { url: 'http://127.0.0.1:40123', token })
    for (const hash of ['', '#lab=', `#lab=evil.example.${token}`, `#lab=1.${token}0`, '#tasks']) {
      assert.equal(labFrom(hash), null, hash)
    }
  })

  test('a way is whole, cut, or cut one way', () => {
    const found = ways(report([cut(4000, 4001), cut(4001, 4000), cut(4002, 4000)]))
    assert.deepEqual(
      found.map(({ key, cut }) => [key, cut]),
      [['4000 4001', 'yes'], ['4000 4002', 'oneWay'], ['4001 4002', 'no']],
    )
    assert.equal(isCut(null, 'a', 'b'), false)
  })

  test('a node is cut off from all others, and joins them again', () => {
    const whole = report()
    const [first] = whole.nodes
    assert.equal(isIsolated(whole, first), false)
    assert.deepEqual(isolation(whole, first), [
      { verb: 'cut', body: { from: 4000, to: 4001 } }, { verb: 'cut', body: { from: 4000, to: 4002 } },
    ])
    const alone = report([cut(4000, 4001), cut(4000, 4002)])
    assert.equal(isIsolated(alone, first), true)
    assert.deepEqual(isolation(alone, first).map(({ verb }) => verb), ['heal', 'heal'])
    assert.equal(isIsolated(report([], [node(4000)]), node(4000)), false)
  })

  test('each button takes back what it did', () => {
    const names = (node) => nodeControls(node).map(({ name }) => name)
    assert.deepEqual(names(node(4000)), ['kill', 'pause', 'slow', 'fill', 'skew', 'flip'])
    assert.deepEqual(
      names(node(4000, { state: 'paused', disk_delay_ms: 1, disk_full: true, clock_ms: -5 })),
      ['kill', 'resume', 'quick', 'free', 'set', 'flip'],
    )
    assert.deepEqual(names(node(4000, { state: 'dead' })), ['start'])
    for (const { body } of nodeControls(node(4000))) assert.equal(body.node, 4000)
  })

  test('only what mending changes is something to mend', () => {
    assert.equal(isAnythingBroken(report([], [node(4000, { state: 'dead' })])), false)
    assert.equal(isAnythingBroken(report([cut(4000, 4001)])), true)
    assert.equal(isAnythingBroken(report([], [node(4000, { clock_ms: 1 })])), true)
    assert.equal(isAnythingBroken(report([], [node(4000, { log_damaged: true })])), true)
  })
})
