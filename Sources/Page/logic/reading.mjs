// What the views read of the cluster beside the tasks: keys, revisions, states of the past.
//
// The place where the user is says what is wanted: `{slot: query}`. What was read for a query stays in
// its slot until another one takes its place. The stream of changes says up to which revision the node
// in use has come; what is older is read again, unless it is of the past.

/** How many rows are read at first, and how many more at a time. */
export const rowsLength = 50

/** What is to be read for what the user looks at: queries by slot. */
export function wanted({ replica, place, rows }) {
  const { view, prefix, key, isNew, author, revision, at } = place
  if (!replica) return {}
  if (view === 'keys' && isNew) return {}
  if (view === 'keys' && key) {
    const pair = { kind: 'pair', key }
    // The history can only be asked for keys that are text.
    return key.key === undefined
      ? { pair }
      : { pair, changes: { kind: 'log', key: key.key, length: rows } }
  }
  if (view === 'keys') return { keys: { kind: 'keys', prefix, length: rows } }
  if (view !== 'history') return {}
  if (revision !== null) return { revision: { kind: 'revision', number: revision } }
  if (at === null) return { log: { kind: 'log', author, prefix, length: rows } }
  return {
    moment: { kind: 'moment', at },
    pastTasks: { kind: 'tasks', at, length: rows },
    pastKeys: { kind: 'keys', at, prefix: '', isFlat: true, length: rows },
  }
}

const nameOf = (query) => JSON.stringify(query)
/** Queries of one family show one thing, at another length or moment: till the one is read, the other stays. */
const familyOf = ({ length, at, ...query }) => nameOf({ ...query, isPast: at !== undefined })
/** What never changes. */
const isFixed = ({ kind, at }) => kind === 'revision' || at !== undefined

/** What is to be read now: `{slot, query}`. */
export function unread(state) {
  const { slots, replica } = state
  return Object.entries(wanted(state))
    .filter(([slot, query]) => {
      const read = slots[slot]
      if (!read || read.name !== nameOf(query)) return true
      if (read.failure) return read.failure.mayPass
      return !isFixed(query) && read.revision < replica.revision
    })
    .map(([slot, query]) => ({ slot, query }))
}

/** What is in a slot: `{body, failure, isOld}`; `body` is `null` until something was read. */
export function slotOf(state, slot) {
  const query = wanted(state)[slot]
  const read = state.slots[slot]
  if (!query || !read || read.family !== familyOf(query)) return { body: null, failure: null, isOld: true }
  const isOld = read.name !== nameOf(query)
  return { body: read.body, failure: isOld ? null : read.failure, isOld }
}

/** With what is known to be the answer to a query, if it is the one in its slot. */
export function withRead(state, slot, query, body) {
  const read = state.slots[slot]
  if (read?.name !== nameOf(query)) return state
  return { ...state, slots: { ...state.slots, [slot]: { ...read, body } } }
}

/** The changes of the state that reading makes. */
export const readingChanges = {
  read(state, { slot, query, body, revision }) {
    const read = { name: nameOf(query), family: familyOf(query), body, revision, failure: null }
    return { ...state, slots: { ...state.slots, [slot]: read } }
  },

  /** `failure`: `{error, message, mayPass}`; what may pass is tried again. */
  notRead(state, { slot, query, failure }) {
    const [name, family] = [nameOf(query), familyOf(query)]
    const body = state.slots[slot]?.family === family && failure.mayPass ? state.slots[slot].body : null
    const read = { name, family, body, revision: 0, failure }
    return { ...state, slots: { ...state.slots, [slot]: read } }
  },

  moreRows: (state) => ({ ...state, rows: state.rows + rowsLength }),
}
