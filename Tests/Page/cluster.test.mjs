import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { clusterReport, shortNames } from '../../Sources/Page/logic/cluster.mjs'
import { languages } from '../../Sources/Page/logic/words.mjs'
import { leading, member, status } from './samples.mjs'

// The same cases as for `pdb cluster status`.
const cases = JSON.parse(readFileSync(new URL('verdicts.json', import.meta.url), 'utf8'))

function report(all) {
  const members = Object.keys(all).map((port) => member(port))
  const reports = new Map(Object.entries(all).map(([port, said]) => [`id${port}`, said]))
  return clusterReport({ cluster: 'c1', quorum: 2, members, reports })
}

suite('The verdict', () => {
  for (const { name, quorum, members, reports, health, verdict, engine } of cases) {
    test(`${name}: that of the command line`, () => {
      const found = new Map(Object.entries(reports))
      const result = clusterReport({ cluster: 'c1', quorum, members, reports: found, engine })
      assert.equal(result.health, health)
      assert.equal(languages.en.verdict(result), verdict)
      assert.ok(languages.vi.verdict(result).includes(`${result.up}/${members.length} node`))
    })
  }
})

suite('The members', () => {
  test('the dead come first', () => {
    const { members } = report({
      4000: { status: leading(4000) }, 4001: { failure: 'timeout' }, 4002: { status: status(4002) },
    })
    assert.deepEqual(members.map(({ address }) => address.slice(-4)), ['4001', '4000', '4002'])
    assert.equal(members[0].failure, 'timeout')
  })

  test('what starts a dead member again is what the cluster says, or nothing', () => {
    const command = 'pdb node start --port 4000 --data-dir /srv/pdb'
    const members = [member(4000, { restart: command }), member(4001, { restart: null }), member(4002)]
    const { members: found } = clusterReport({ cluster: 'c1', quorum: 2, members, reports: new Map() })
    assert.deepEqual(found.map(({ restart }) => restart), [command, null, null])
  })

  test('a member lags by what the leader has committed and it has not applied', () => {
    const { members } = report({
      4000: { status: leading(4000, { commit: 12 }) }, 4001: { status: status(4001) },
    })
    assert.equal(members[1].lag, 2)
  })

  test('a member that takes another for the leader is named', () => {
    const { disagreements } = report({
      4000: { status: leading(4000) }, 4001: { status: status(4001) },
      4002: { status: status(4002, { leader: 'http://127.0.0.1:4001' }) },
      4003: { status: status(4003, { leader: null }) },
    })
    assert.deepEqual(disagreements, [
      { kind: 'leader', address: '127.0.0.1:4002', named: '127.0.0.1:4001' },
      { kind: 'leader', address: '127.0.0.1:4003', named: null },
    ])
  })

  test('other data at the same place is named', () => {
    const { disagreements } = report({
      4000: { status: leading(4000) }, 4001: { status: status(4001, { hash: 'bb' }) },
      4002: { status: status(4002, { hash: 'bb', applied: 9 }) },
    })
    assert.deepEqual(disagreements, [{ kind: 'state', address: '127.0.0.1:4001', revision: 7 }])
  })

  test('on one host a node is called by its port, else by its address', () => {
    assert.equal(shortNames([member(4000), member(4001)]).get('127.0.0.1:4001'), '4001')
    const two = [{ address: 'a:4000' }, { address: 'b:4000' }]
    assert.equal(shortNames(two).get('b:4000'), 'b:4000')
  })
})
