import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bucketsOf, emptyCharts, line, most, quantile, sample, sampleLatency, span } from '../../Sources/Page/logic/charts.mjs'

const report = (revision, lag = 0) => ({
  leader: revision === null ? null : { address: 'a', revision },
  members: [{ address: 'a', lag: 0, logBytes: 10 }, { address: 'b', lag, logBytes: 20 }],
})

const metrics = (...counts) =>
  ['0.001', '0.002', '+Inf'].map((bound, at) => `pdb_commit_seconds_bucket{le="${bound}"} ${counts[at]}`).join('\n')

suite('Charts', () => {
  test('the rate is what the revision grew by, a second', () => {
    let charts = sample(emptyCharts, report(10), 0)
    charts = sample(charts, report(30), 2000)
    assert.deepEqual(charts.samples.map(({ rate }) => rate), [null, 10])
    assert.equal(charts.samples[1].lags.get('b'), 0)
    assert.equal(charts.samples[1].sizes.get('b'), 20)
  })

  test('without a leader, and after one that has less, there is no rate', () => {
    let charts = sample(emptyCharts, report(10), 0)
    charts = sample(charts, report(null), 1000)
    charts = sample(charts, report(8), 2000)
    charts = sample(charts, report(9), 3000)
    assert.deepEqual(charts.samples.map(({ rate }) => rate), [null, null, null, 1])
  })

  test('what is older than ten minutes goes', () => {
    let charts = sample(emptyCharts, report(1), 0)
    charts = sample(charts, report(1), span + 1)
    assert.equal(charts.samples.length, 1)
  })

  test('latencies are those since the last figures of the same leader', () => {
    let charts = sampleLatency(emptyCharts, metrics(1000, 1000, 1000), 'a', 0)
    assert.deepEqual(charts.latencies, [])
    charts = sampleLatency(charts, metrics(1090, 1099, 1100), 'a', 1000)
    assert.deepEqual(charts.latencies, [{ time: 1000, half: 0.001, most: 0.002 }])
    charts = sampleLatency(charts, metrics(5, 5, 5), 'b', 2000)
    charts = sampleLatency(charts, metrics(5, 5, 5), 'b', 3000)
    assert.equal(charts.latencies.length, 1)
  })

  test('buckets and quantiles are read from the text of Prometheus', () => {
    const buckets = bucketsOf(`# HELP x\n${metrics(1, 3, 4)}\npdb_other_bucket{le="1"} 9`, 'pdb_commit_seconds')
    assert.deepEqual(buckets.map(({ count }) => count), [1, 3, 4])
    assert.equal(quantile(buckets, 0.5), 0.002)
    // What is beyond the last bound is at least that.
    assert.equal(quantile(buckets, 0.99), 0.002)
    assert.equal(quantile([], 0.5), null)
  })

  test('a line breaks where a value is missing', () => {
    const points = [{ time: 0, value: 0 }, { time: span / 2, value: null }, { time: span, value: 4 }]
    assert.equal(line(points, { width: 100, height: 10, now: span, most: 4 }), 'M0.0 10.0M100.0 0.0')
    assert.equal(most([null, 2, undefined, 1]), 2)
    assert.equal(most([]), null)
  })
})
