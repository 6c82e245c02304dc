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
