// Which node to use when the one in use is gone, hangs, or has lost its cluster.
//
// A node is known by `{id, url, address}`; what it last answered is `{status}`, or `{failure,
// failures}`.

import { agrees } from './identity.mjs'

/** How long a node may know no leader while another does, before it is left. */
export const leaderlessPatienceMilliseconds = 3000

/** How often in a row a node may leave a question unanswered, before it is left. */
export const toleratedFailures = 2
/** For how long its stream may be silent: nodes say something every two seconds. */
export const toleratedSilenceMilliseconds = 2500

/**
 * What an answer to `GET /status` says of a node; `failures` counts those in a row.
 *
 * @param identity the cluster that the page shows, or `null` before the first is met.
 * @param before what the node answered before.
 */
export function reportOf(node, answer, identity, before) {
  const failure =
    answer.failure ??
    (answer.status !== 200 ? `HTTP ${answer.status}` : null) ??
    (identity && !agrees(identity, statusIdentity(answer.body)) ? 'anotherCluster' : null) ??
    (answer.body.node !== node.id ? 'stranger' : null)
  return failure ? { failure, failures: (before?.failures ?? 0) + 1 } : { status: answer.body }
}

/** The cluster that a node says it belongs to. */
export function statusIdentity({ cluster, birth = null }) {
  return { cluster, birth }
}

/**
 * The node whose place has been taken while no other lives: what answers there is what the page is
 * to show from now on. `null` if there is none.
 *
 * @param origin the id of the node that the page came from.
 * @param silentFor as for `reasonToLeave`.
 */
export function takenOver(nodes, reports, { inUse, origin, silentFor }) {
  if ([...reports.values()].some(({ status }) => status)) return null
  const isTaken = (id) => ['stranger', 'anotherCluster'].includes(reports.get(id)?.failure)
  const place = [inUse, origin, ...nodes.map(({ id }) => id)].find(isTaken)
  if (!isTaken(inUse) && !isGone(reports.get(inUse), silentFor)) return null
  return nodes.find(({ id }) => id === place) ?? null
}

/** Whether a node does not answer. A busy one may be late, but its stream goes on. */
function isGone(report, silentFor) {
  return report?.failures >= toleratedFailures && silentFor >= toleratedSilenceMilliseconds
}

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
  // A stream that ends is noticed elsewhere.
  if (own.failure) return isGone(own, silentFor) ? 'gone' : null
  const isAlone = !own.status.leader && leaderlessFor >= leaderlessPatienceMilliseconds
  return isAlone && others.some(([, { status }]) => status.leader) ? 'alone' : null
}

/**
 * The node to use next, or `null` if none answers: one that knows the leader rather than one
 * that does not, one that has all the page has seen rather than one that is behind, then by
 * address.
 */
export function bestNode(nodes, reports, { revision, except }) {
  const rank = (node) => {
    const { status } = reports.get(node.id)
    return [
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
