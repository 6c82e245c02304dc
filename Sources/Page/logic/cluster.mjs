// The state of the cluster as its members tell it, and the verdict on it: the same as
// `pdb cluster status` gives (PDBKit's `ClusterReport`; one set of cases tests both).

/**
 * Everything the members say, taken together.
 *
 * @param members as in `/cluster/status`: `{id, address, voter, silent_ms?, restart?}`.
 * @param reports what each answered, by id: `{status}` or `{failure}`.
 */
export function clusterReport({ cluster, quorum, members, reports, engine = 'raft' }) {
  const all = members.map((member) => {
    const { status = null, failure = null } = reports.get(member.id) ?? {}
    return {
      id: member.id,
      address: member.address,
      isVoter: member.voter ?? true,
      silence: member.silent_ms ?? null,
      isUp: status !== null,
      failure,
      role: status && (member.voter === false ? 'learner' : status.role),
      isLeader: status?.is_leader ?? false,
      leader: status?.leader ?? null,
      term: status?.term ?? null,
      applied: status?.applied ?? null,
      commit: status?.commit ?? null,
      revision: status?.revision ?? null,
      hash: status?.hash ?? null,
      logBytes: status?.log_bytes ?? null,
      alarms: status?.alarms ?? [],
      commitSettled: status?.commit_settled ?? null,
      restart: member.restart ?? null,
    }
  })
  // Dead ones first, else as the cluster lists them.
  const sorted = [...all.filter((member) => !member.isUp), ...all.filter((member) => member.isUp)]
  // An old leader that has not heard of its successor may still claim to lead.
  const leader = sorted
    .filter((member) => member.isLeader)
    .reduce((best, member) => (best && best.term >= member.term ? best : member), null)
  const up = sorted.filter((member) => member.isUp).length
  for (const member of sorted) {
    member.lag = lag(member, leader)
    member.isCutOff = isCutOff(member, leader)
    // What is cut off is behind, too, and that need not be told.
    member.isBehind = !member.isCutOff && isBehind(member, leader)
  }
  const votersUp = sorted.filter((member) => member.isUp && member.isVoter)
  const caughtUp = votersUp.filter((member) => !member.isBehind && !member.isCutOff)
  return {
    cluster,
    quorum,
    members: sorted,
    leader,
    up,
    spare: caughtUp.length - quorum,
    missing: quorum - votersUp.length,
    engine,
    health: health(sorted, leader, votersUp.length, quorum, engine),
    disagreements: disagreements(sorted, leader),
  }
}

function lag(member, leader) {
  if (member.applied === null || !leader) return null
  return Math.max(0, leader.commit - member.applied)
}

/** Whether a voter lacks what the leader had committed one to two seconds ago already. */
function isBehind({ isUp, isVoter, applied }, leader) {
  if (!isUp || !isVoter || applied === null || !leader || leader.commitSettled === null) return false
  return applied < leader.commitSettled
}

/** Milliseconds that a member may be silent: many heartbeats. */
const patience = 2000

/** Whether a voter is up and the leader has not heard it for a while: something lies between them. */
function isCutOff({ id, isUp, isVoter, silence }, leader) {
  return isUp && isVoter && leader !== null && leader.id !== id && silence !== null && silence > patience
}

function health(members, leader, votersUp, quorum, engine) {
  if (votersUp < quorum) return 'no_quorum'
  // In front of an etcd, all nodes make changes.
  if (!leader) return engine === 'etcd' ? 'degraded' : 'no_leader'
  const isWell = members.every(
    (member) => member.isUp && !member.isBehind && !member.isCutOff && member.alarms.length === 0,
  )
  return isWell ? 'healthy' : 'degraded'
}

/** Where living members do not say the same. */
function disagreements(members, leader) {
  const found = []
  for (const member of members.filter((member) => member.isUp && leader)) {
    const named = member.leader?.replace(/^https?:\/\//u, '') ?? null
    if (member !== leader && named !== leader.address) {
      found.push({ kind: 'leader', address: member.address, named })
    }
    const sameState = member.applied === leader.applied && member.revision === leader.revision
    if (sameState && member.hash !== leader.hash) {
      found.push({ kind: 'state', address: member.address, revision: member.revision })
    }
  }
  return found
}

/** How a person calls a node: by its port while all are on one host. */
export function shortNames(members) {
  const hosts = new Set(members.map(({ address }) => address.slice(0, address.lastIndexOf(':'))))
  return new Map(
    members.map(({ address }) => [
      address,
      hosts.size === 1 ? address.slice(address.lastIndexOf(':') + 1) : address,
    ]),
  )
}
