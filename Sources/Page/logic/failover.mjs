// Which node to use when the one in use is gone, hangs, or has lost its cluster.
//
// A node is known by `{id, url, address}`; what it last answered is `{status}`, or `{failure,
// failures}`.

/** How long a node may know no leader while another does, before it is left. */
export const leaderlessPatienceMilliseconds = 3000

/** How often in a row a node may leave a question unanswered, before it is left. */
export const toleratedFailures = 2
/** For how long its stream may be silent: nodes say something every two seconds. */
export const toleratedSilenceMilliseconds = 2500

/**
 * Why the node in use should be left: 'gone' if it does not answer, 'alone' if it has had no
 * leader for a while, 'removed' if it is no member any more; `null` if it should not. Only what
 * another node does better counts.
 *
 * @param reports what each node last answered, by its id.
 * @param isMember whether the members that answer take it for one.
 * @param silentFor for how long its stream has said nothing, in milliseconds.
 * @param leaderlessFor for how long the node in use has known no leader, in milliseconds.
 */
export function reasonToLeave(inUse, reports, { isMember, silentFor, leaderlessFor }) {
  const own = reports.get(inUse)
  const others = [...reports].filter(([id, report]) => id !== inUse && report.status)
  if (others.length === 0) return null
  if (!isMember) return 'removed'
  if (!own) return null
  if (own.failure) {
    // A busy node may be late, but its stream goes on. One that ends is noticed elsewhere.
    const isGone = own.failures >= toleratedFailures && silentFor >= toleratedSilenceMilliseconds
    return isGone ? 'gone' : null
  }
  const isAlone = !own.status.leader && leaderlessFor >= leaderlessPatienceMilliseconds
  return isAlone && others.some(([, { status }]) => status.leader) ? 'alone' : null
}

/**
 * The node to use next, or `null` if none answers: one that knows the leader rather than one
 * that does not, one that has all the page has seen rather than one that is behind, then by
 * address.
 *
 * @param cluster the cluster that the page shows; nodes of another one come last.
 */
export function bestNode(nodes, reports, { cluster, revision, except }) {
  const rank = (node) => {
    const { status } = reports.get(node.id)
    return [
      cluster === null || status.cluster === cluster ? 0 : 1,
      status.leader ? 0 : 1,
      status.alarms.length === 0 ? 0 : 1,
      status.revision >= revision ? 0 : 1,
    ]
  }
  const living = nodes.filter((node) => node.id !== except && reports.get(node.id)?.status)
  living.sort((left, right) => {
    const [one, other] = [rank(left), rank(right)]
    const difference = one.map((value, at) => value - other[at]).find((value) => value !== 0)
    return difference ?? left.address.localeCompare(right.address, 'en', { numeric: true })
  })
  return living[0] ?? null
}
