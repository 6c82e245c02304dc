// Which cluster this is: `{cluster, birth}` (PDBKit's `ClusterIdentity`).
//
// Ids repeat: a cluster that is made anew on the same ports has the id of the one before. Births do
// not. A birth is `null` as long as it is not known: a cluster has none in its first moments, and
// those of version 0.1 have none.

/** Whether both may be the same cluster: nothing that is known of both differs. */
export function agrees(one, other) {
  const isOneBirth = one.birth === null || other.birth === null || one.birth === other.birth
  return one.cluster === other.cluster && isOneBirth
}

/** Whether both are the same cluster for certain. */
export function isSame(one, other) {
  return one.cluster === other.cluster && one.birth !== null && one.birth === other.birth
}

/** As `PDB-Expect-Cluster` has it: `ID/BIRTH`, or `ID` while the birth is not known. */
export function expectation({ cluster, birth }) {
  return birth === null ? cluster : `${cluster}/${birth}`
}

/** For people: the beginnings of both. */
export function shortName({ cluster, birth }) {
  return expectation({ cluster: cluster.slice(0, 8), birth: birth && birth.slice(0, 8) })
}
