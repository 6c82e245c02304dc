// What a tab keeps over a reload: the changes that the cluster has not confirmed, and where it was.

const name = 'pdb.changes'
let saved = null

/** A new id for a request or a change: 128 random bits. */
export function newID() {
  // `crypto.randomUUID` is missing where the page comes over plain HTTP from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const isOpen = ({ phase }) => phase !== 'confirmed'

export function saveChanges(ops) {
  if (ops === saved) return
  saved = ops
  const open = ops.filter(isOpen)
  try {
    if (open.length > 0) sessionStorage.setItem(name, JSON.stringify(open))
    else sessionStorage.removeItem(name)
  } catch {
    // Too large to keep: then leaving the page asks first.
    sessionStorage.removeItem(name)
  }
}

/** A change as pages before version 0.2 kept it, in today's form: an edit was of the title alone. */
function current(op) {
  if (op.kind !== 'edit' || op.fields) return op
  return { ...op, fields: { title: op.title }, base: { title: op.base } }
}

/** The changes that were open when the tab was last left. */
export function loadChanges() {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? '[]').map(current)
  } catch {
    return []
  }
}

/** Whether leaving the page now, for good, would lose changes. */
export function forgetsUnsentChanges(ops) {
  return ops.some(isOpen)
}

const clusterName = 'pdb.cluster'

/** Keeps where the cluster is, for a page that is opened when the node that it comes from is gone. */
export function saveCluster(identity, members) {
  const known = JSON.stringify({ identity, members: members.map(({ id, address }) => ({ id, address })) })
  try {
    if (localStorage.getItem(clusterName) !== known) localStorage.setItem(clusterName, known)
  } catch {
    // Without it the page works as long as its node lives.
  }
}

export function loadCluster() {
  try {
    return JSON.parse(localStorage.getItem(clusterName))
  } catch {
    return null
  }
}
