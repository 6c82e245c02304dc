// Charts of the last ten minutes: changes, latency, lag and sizes. What they need beside what the page knows anyway is
// asked only while they are open.

import { shortNames } from '../logic/cluster.mjs'
import { emptyCharts, line, most, sample, sampleLatency } from '../logic/charts.mjs'
import { headersFor, urlOf } from '../network/requests.mjs'
import { fromTemplate, setText, showAll } from './elements.mjs'

const panel = document.getElementById('charts')
const list = document.getElementById('chart-list')
const box = { width: 300, height: 60 }
const latencyInterval = 3000

let charts = emptyCharts
let seen = null

export function startCharts(store, changed) {
  store.subscribe(() => {
    const { report } = store.state
    if (!report || report === seen) return
    seen = report
    charts = sample(charts, report, Date.now())
  })
  panel.addEventListener('toggle', changed)
  setInterval(async () => {
    const { report, token } = store.state
    if (!panel.open || document.hidden || !report?.leader) return
    const { address } = report.leader
    try {
      const answer = await fetch(`${urlOf(address)}/metrics`, {
        headers: headersFor(token), cache: 'no-store', credentials: 'omit',
        signal: AbortSignal.timeout(latencyInterval),
      })
      if (answer.ok) charts = sampleLatency(charts, await answer.text(), address, Date.now())
    } catch {
      // The next look says whether the leader is gone.
    }
  }, latencyInterval)
}

export function drawCharts({ report }, words) {
  if (!panel.open || !report) return
  const now = Date.now()
  const names = shortNames(report.members)
  const { samples, latencies } = charts
  const perMember = (pick) =>
    report.members.map(({ address }, at) => ({
      look: `line${at % 6}`, name: names.get(address),
      points: samples.map((item) => ({ time: item.time, value: pick(item).get(address) ?? null })),
    }))
  const rate = samples.map(({ time, rate }) => ({ time, value: rate }))
  const items = [
    { name: 'rate', lines: [{ look: 'line0', points: rate }] },
    {
      name: 'latency',
      lines: [
        { look: 'line0', name: 'p50', points: latencies.map(({ time, half }) => ({ time, value: half * 1000 })) },
        { look: 'line3', name: 'p99', points: latencies.map(({ time, most }) => ({ time, value: most * 1000 })) },
      ],
    },
    { name: 'lag', lines: perMember(({ lags }) => lags) },
    { name: 'size', lines: perMember(({ sizes }) => sizes) },
  ]
  showAll(list, items, {
    key: ({ name }) => name,
    make: () => fromTemplate('chart'),
    update(figure, { name, lines }) {
      const top = most(lines.flatMap(({ points }) => points.map(({ value }) => value)))
      setText(figure.querySelector('.chart-title'), words.charts[name])
      const last = lines.map(({ name, points }) => ({ name, value: points.at(-1)?.value ?? null }))
      setText(figure.querySelector('.chart-now'), words.charts.now(name, last, top))
      showAll(figure.querySelector('.chart-lines'), lines.map((item, at) => ({ ...item, at })), {
        key: ({ at }) => at,
        make: () => document.createElementNS('http://www.w3.org/2000/svg', 'path'),
        update(path, { look, points }) {
          path.setAttribute('class', `chart-line ${look}`)
          path.setAttribute('d', line(points, { ...box, now, most: top ?? 0 }))
        },
      })
    },
  })
}
