// Figures of a cluster over the last ten minutes, from what its nodes say of themselves.

/** How long samples are kept, in milliseconds. */
export const span = 600_000

export const emptyCharts = { samples: [], buckets: null, latencies: [] }

/**
 * The charts after another look at the members.
 *
 * @param report what `clusterReport` makes of it.
 */
export function sample(charts, report, now) {
  const { leader } = report
  const last = charts.samples.at(-1)
  // Without a leader, or under another one that has less yet, nothing can be said of the changes.
  const seconds = last ? (now - last.time) / 1000 : 0
  const rate =
    leader && last?.revision != null && leader.revision >= last.revision && seconds > 0
      ? (leader.revision - last.revision) / seconds
      : null
  const lags = new Map(report.members.map(({ address, lag }) => [address, lag]))
  const sizes = new Map(report.members.map(({ address, logBytes }) => [address, logBytes ?? null]))
  const made = { time: now, revision: leader?.revision ?? last?.revision ?? null, rate, lags, sizes }
  return { ...charts, samples: [...charts.samples, made].filter(({ time }) => now - time <= span) }
}

/**
 * The charts after the leader has told its figures.
 *
 * @param text of `/metrics`; the latencies are those of the commits since the text before.
 * @param leader whose figures they are: those of two nodes cannot be compared.
 */
export function sampleLatency(charts, text, leader, now) {
  const counts = bucketsOf(text, 'pdb_commit_seconds')
  const before = charts.buckets?.leader === leader ? charts.buckets.counts : null
  const since = before && counts.map(({ bound, count }, at) => ({ bound, count: count - (before[at]?.count ?? 0) }))
  const latencies = since && since.at(-1)?.count > 0
    ? [{ time: now, half: quantile(since, 0.5), most: quantile(since, 0.99) }]
    : []
  return {
    ...charts,
    buckets: { leader, counts },
    latencies: [...charts.latencies, ...latencies].filter(({ time }) => now - time <= span),
  }
}

/** The cumulative buckets of a histogram in the text format of Prometheus. */
export function bucketsOf(text, name) {
  return [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gmu'))].map(
    ([, bound, count]) => ({ bound: bound === '+Inf' ? Infinity : Number(bound), count: Number(count) }),
  )
}

/** The bound of the bucket that holds a part of all values, in seconds; the largest finite one at most. */
export function quantile(buckets, part) {
  const all = buckets.at(-1)?.count ?? 0
  if (all === 0) return null
  const { bound } = buckets.find(({ count }) => count >= part * all)
  const finite = buckets.filter((bucket) => bucket.bound < Infinity)
  return bound === Infinity ? (finite.at(-1)?.bound ?? null) : bound
}

/**
 * A line through points, as the `d` of a path: pieces of it, where values are missing.
 *
 * @param points `{time, value}`; @param box `{width, height, now, most}`.
 */
export function line(points, { width, height, now, most }) {
  let pen = 'M'
  return points
    .map(({ time, value }) => {
      if (value === null || value === undefined) {
        pen = 'M'
        return ''
      }
      const x = width * (1 - (now - time) / span)
      const y = height * (1 - (most > 0 ? value / most : 0))
      const step = `${pen}${x.toFixed(1)} ${y.toFixed(1)}`
      pen = 'L'
      return step
    })
    .join('')
}

/** The largest of some values; `null` if there is none. */
export const most = (values) =>
  values.reduce((best, value) => (value != null && (best === null || value > best) ? value : best), null)
