// What happened to the cluster while the page was open: elections, and nodes that went and came.

export const timelineLength = 50

/**
 * The timeline after another look, newest first.
 *
 * @param timeline `{entries, leader, term, up}`, or `null` before the first look.
 * @param report what `clusterReport` makes of the look.
 * @param now milliseconds since 1970.
 */
export function observe(timeline, report, now) {
  const up = new Map(report.members.map((member) => [member.address, member.isUp]))
  const leader = report.leader?.address ?? null
  const term = report.leader?.term ?? timeline?.term ?? null
  const news = []
  if (!timeline || timeline.leader !== leader || (leader && timeline.term !== term)) {
    news.push(leader ? { kind: 'leader', address: leader, term } : { kind: 'none' })
  }
  for (const [address, isUp] of timeline ? up : []) {
    const wasUp = timeline.up.get(address)
    if (wasUp === undefined) news.push({ kind: 'joined', address })
    else if (wasUp !== isUp) news.push({ kind: isUp ? 'up' : 'down', address })
  }
  for (const address of timeline?.up.keys() ?? []) {
    if (!up.has(address)) news.push({ kind: 'removed', address })
  }
  // A node goes down before another is elected.
  const entries = news.map((entry) => ({ ...entry, time: now }))
  const before = timeline?.entries ?? []
  return { entries: [...entries, ...before].slice(0, timelineLength), leader, term, up }
}

/** What nodes tell that the page tells, too, and how it calls it. */
const kinds = {
  started: 'started', stands: 'stands', leads: 'leader', steps_down: 'stepsDown', joined: 'joined',
  promoted: 'promoted', removed: 'removed', alarm: 'alarm', cleared: 'cleared', mended: 'mended',
}

/**
 * The timeline from what the page has seen and what nodes have told, newest first.
 *
 * @param seen entries of `observe`.
 * @param told what `/timeline` of each node says: `{address, entries}`.
 */
export function withTold(seen, told) {
  const entries = new Map()
  for (const { address, entries: list } of told) {
    for (const { time, kind, term, member, detail } of list) {
      if (!kinds[kind]) continue
      const entry = { kind: kinds[kind], address: member ?? address, term, detail, time: Date.parse(time) }
      // Each member tells of the same joining and leaving.
      const isShared = member !== undefined
      entries.set(isShared ? `${kind} ${member} ${term}` : `${kind} ${address} ${time}`, entry)
    }
  }
  const all = [...entries.values()]
  const isTold = (entry) =>
    all.some(({ kind, address, term }) =>
      kind === entry.kind && address === entry.address && (kind !== 'leader' || term === entry.term))
  const shared = ['leader', 'joined', 'removed']
  const own = seen.filter((entry) => !shared.includes(entry.kind) || !isTold(entry))
  return [...own, ...all].sort((a, b) => b.time - a.time).slice(0, timelineLength)
}
