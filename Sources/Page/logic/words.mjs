// Everything the page says, in the languages it speaks. The English verdict is, word for word,
// that of `pdb cluster status`.

const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`

const english = {
  languageName: 'English',
  documentTitle: (count) => (count > 0 ? `(${count}) pdb` : 'pdb'),
  language: 'Language',
  nodeInUse: 'Node in use',
  tasks: 'Tasks',
  cluster: 'Cluster',

  newTask: 'New task',
  newTaskHint: 'What needs to be done?',
  add: 'Add',
  addMany: 'Add many',
  newTasks: 'New tasks, one a line',
  batchCount: (count) => `Add ${plural(count, 'task', 'tasks')}`,
  batchNote: 'All are added at once, or none.',
  titleProblem: {
    empty: 'Write what needs to be done.',
    control: 'A title cannot contain control characters.',
    long: 'The title is too long: 4,096 bytes at most.',
    many: 'Too many at once: 1,000 tasks at most.',
    large: 'Too much at once: 1 MiB at most.',
  },
  onLine: (line, text) => `Line ${line}: ${text}`,

  show: 'Show',
  filter: { all: 'All', active: 'Active', completed: 'Completed' },
  search: 'Search',
  searchHint: 'Search; accents are optional',
  listed: (matching, all) =>
    matching === all ? plural(all, 'task', 'tasks') : `${matching} of ${plural(all, 'task', 'tasks')}`,
  more: (count) => `Show ${count} more`,
  loading: 'Reading the tasks…',
  empty: 'No tasks yet. Add the first one above.',
  emptyByFilter: 'No task matches.',
  showAll: 'Show all tasks',

  completed: (title) => `Completed: ${title}`,
  edit: (title) => `Edit: ${title}`,
  editTitle: 'Title; Enter saves, Escape cancels',
  details: (title) => `Details: ${title}`,
  detailsTitle: 'Task',
  field: {
    title: 'Title', due: 'Due', time: 'Time, if it matters', priority: 'Priority', project: 'Project',
    tags: 'Tags', notes: 'Notes',
  },
  fieldInText: {
    title: 'title', due: 'due', priority: 'priority', project: 'project', tags: 'tags', notes: 'notes',
  },
  tagsHint: 'school urgent',
  noPriority: 'none',
  hasNotes: 'has notes',
  timeWithoutDate: 'A time needs a date.',
  tooManyTags: (most) => `Too many tags: ${most} at most.`,
  save: 'Save',
  cancel: 'Cancel',
  remove: (title) => `Delete: ${title}`,
  clearCompleted: (count) => `Delete ${count} completed`,
  created: (date) => `created ${date}`,
  due: (date) => `due ${date}`,
  overdue: (date) => `overdue: ${date}`,
  priority: { high: 'high priority', medium: 'medium priority', low: 'low priority' },

  saving: 'saving…',
  unsent: 'not sent yet',
  unsentCount: (count) => `${plural(count, 'change', 'changes')} not sent yet`,
  conflict: (theirs) => `Changed elsewhere meanwhile: ${theirs}.`,
  keepMine: 'Keep mine',
  takeTheirs: 'Take theirs',
  notSaved: (why) => `Not saved: ${why}`,
  maybeSaved: (why) => `It is not certain whether this was saved: ${why}`,
  gone: 'the task was deleted elsewhere meanwhile.',
  undoConflict: 'a later change conflicts with the undo.',
  again: 'Try again',
  discard: 'Discard',
  addInstead: 'Add as a new task',

  removedOne: (title) => `Deleted: ${title}`,
  removedMany: (count) => `Deleted ${plural(count, 'completed task', 'completed tasks')}`,
  undo: 'Undo',
  dismiss: 'Close',
  switched: {
    gone: (from, to) => `Node ${from} does not answer. The page goes on with node ${to}.`,
    alone: (from, to) => `Node ${from} has lost its cluster. The page goes on with node ${to}.`,
    removed: (from, to) => `Node ${from} was removed. The page goes on with node ${to}.`,
  },
  anotherCluster: (name) => `Another cluster answers here now (${name}). These are its tasks.`,
  elsewhere: (name, unsent, doubtful) =>
    [
      `Another cluster answers here now (${name}).`,
      unsent > 0 &&
        `${plural(unsent, 'change', 'changes')} made for the old one ${unsent === 1 ? 'was' : 'were'} not sent.`,
      doubtful > 0 &&
        `Whether the old one applied ${plural(doubtful, 'change', 'changes')} that it did not answer is not known.`,
      'This tab keeps what was made for the old one, and sends it only to that one.',
    ]
      .filter(Boolean)
      .join(' '),
  whichChanges: 'Which changes',
  change: {
    add: ({ title }) => `Add: ${title}`,
    edit: (op) => `Change ${fieldList(op, english)}: ${op.title}`,
    complete: ({ title, completed }) => `${completed ? 'Complete' : 'Reopen'}: ${title}`,
    remove: ({ title }) => `Delete: ${title}`,
    clear: () => 'Delete the completed tasks',
    addMany: ({ titles }) => `Add ${plural(titles.length, 'task', 'tasks')}`,
    undo: ({ revisionOf }) => (revisionOf ? `Take revision ${revisionOf} back` : 'Undo a change'),
    set: ({ title }) => `Set the key ${title}`,
    removePair: ({ title }) => `Delete the key ${title}`,
  },
  copy: 'Copy',
  copied: 'Copied.',

  state: {
    loading: 'Connecting…',
    offline: 'No node answers. This is how it was; the page keeps trying.',
    no_leader: 'No leader. Changes wait, and are sent by themselves.',
    no_quorum: 'Too few nodes are up. You can read; changes wait, and are sent by themselves.',
  },

  views: 'Views',
  keys: 'Keys',
  history: 'History',
  skipTo: {
    tasks: 'Skip to the tasks', keys: 'Skip to the keys', history: 'Skip to the history',
    cluster: 'Skip to the cluster',
  },
  shortcuts: 'Keyboard shortcuts',
  shortcutsOn: 'These keys are on',
  shortcut: {
    search: 'Search in this view', add: 'Add a task', next: 'Next in the list', previous: 'Previous in the list',
    complete: 'Complete or reopen the task', undo: 'Undo the last change of this page', help: 'Show this help',
  },
  undoing: (change) => `Undone: ${change}`,
  nothingToUndo: 'This page has made no change that could be undone.',
  showMore: 'Show more',
  reading: 'Reading…',
  notRead: (why) => `Could not read this${why ? ` (${why})` : ''}. The page tries again by itself if that can help.`,

  folder: 'Folder',
  allKeys: 'All keys',
  newKey: 'New key',
  prefix: 'Prefix',
  prefixHint: 'Keys that begin with…',
  keysListed: (folders, keys, hasMore) =>
    [
      hasMore && 'The first of many:',
      folders > 0 && plural(folders, 'folder', 'folders') + (keys > 0 ? ',' : ''),
      keys > 0 && plural(keys, 'key', 'keys'),
    ]
      .filter(Boolean)
      .join(' '),
  keyCount: (count, hasMore) => (hasMore ? `${count}+ keys` : plural(count, 'key', 'keys')),
  noKeys: 'No keys yet. A key holds any JSON, text or bytes: make the first one with “New key”.',
  noKeysBelow: (prefix) => `No key begins with “${prefix}”.`,
  keysCut: 'More keys follow that are no text. The command line lists them: pdb kv ls',
  bytesKey: (name) => `bytes ${name}`,
  bytesValue: (text) => `bytes: ${text}`,
  newKeyName: 'Key; slashes make folders',
  keyProblem: {
    empty: 'Give the key a name.',
    nul: 'A key cannot begin with a NUL character.',
    long: 'The key is too long: 1,024 bytes at most.',
  },
  value: 'Value',
  valueForm: 'Form of the value',
  valueForms: { json: 'JSON', text: 'Text', bytes: 'Bytes, in base64' },
  valueProblem: {
    empty: () => 'Write a value. null is one, too.',
    json: ({ line, column }) => `Not JSON yet: line ${line}, column ${column}.`,
    base64: () => 'Not base64: letters, digits, “+” and “/”, four at a time.',
    large: () => 'The value is too large: 512 KiB at most.',
  },
  createKey: 'Create',
  deleteKey: 'Delete this key',
  noSuchKey: 'This key does not exist (any more). What you save here makes it anew.',
  keyIsBytes: 'the key is bytes, shown in base64',
  endsIn: (seconds) => `ends in ${seconds} s`,
  changedMeanwhile: 'This key was changed elsewhere since you began to type. When you save, you choose what stays.',
  pairConflict: (isRemoval, revision) =>
    revision === null
      ? 'Not saved: the key was deleted elsewhere meanwhile. What you typed is kept.'
      : isRemoval
        ? `Not deleted: the key was changed elsewhere meanwhile (revision ${revision}).`
        : `Not saved: the key was changed elsewhere meanwhile (revision ${revision}). What you typed is kept.`,
  theirsToMine: 'From theirs (−) to yours (+)',
  overwrite: 'Save mine',
  editOn: 'Go on editing',
  deleteAnyway: 'Delete all the same',
  leaveDeleted: 'Leave it deleted',
  compare: 'Compare',
  keyHistory: 'History of this key',
  noHistoryOfBytes: 'The page cannot look up the history of a key that is no text.',
  noRevisionsOfKey: 'Nothing is known of earlier values: the oldest revisions are forgotten.',
  happenedToKey: {
    taskAdded: 'created', taskRemoved: 'deleted', taskCompleted: 'completed', taskReopened: 'reopened',
    taskRenamed: 'renamed', taskEdited: 'changed', keyAdded: 'created', keyChanged: 'changed',
    keyRemoved: 'deleted',
  },
  revisionDid: (number, deed, undoes) =>
    undoes === null ? `Revision ${number}: ${deed}` : `Revision ${number}: ${deed}, taking revision ${undoes} back`,

  noDifference: 'the value stayed the same',
  skippedLines: (count) => plural(count, 'unchanged line', 'unchanged lines'),
  lineKind: { same: '', removed: 'before', added: 'after', skipped: '' },
  differenceOf: (title) => `Before and after: ${title}`,

  revisionName: (number) => `Revision ${number}`,
  allRevisions: 'All revisions',
  historyPrefix: 'Only keys that begin with',
  historyPrefixHint: 'task_ for tasks',
  author: 'Only changes by',
  authorHint: 'page for this page',
  noAuthor: 'unnamed',
  byWhom: (author, date) => `${author || 'unnamed'}, ${date}`,
  noRevisions: 'No changes yet. What is changed from now on is listed here, and can be taken back.',
  noRevisionMatches: 'No revision matches.',
  noSuchRevision: 'This revision is not known (any more): the oldest ones are forgotten.',
  undoneBy: (revision) => `taken back by #${revision}`,
  andMore: (count) => `and ${count} more`,
  ownDeed: (operation) => `The database itself: ${operation}`,
  tookBack: (revision) => `Took revision ${revision} back`,
  deed: {
    taskAdded: (names) => `Added ${names}`,
    taskRemoved: (names) => `Deleted ${names}`,
    taskCompleted: (names) => `Completed ${names}`,
    taskReopened: (names) => `Reopened ${names}`,
    taskRenamed: (names, { to }) => `Renamed ${names} to “${to}”`,
    taskEdited: (names) => `Changed ${names}`,
    keyAdded: (names) => `Created key ${names}`,
    keyRemoved: (names) => `Deleted key ${names}`,
    keyChanged: (names) => `Changed key ${names}`,
    setting: (names, { from, to }) => `Changed setting ${names} from ${from} to ${to}`,
  },
  changeCount: (count) => plural(count, 'change', 'changes'),
  takeBackRevision: 'Take this back',
  seeMoment: 'See everything at this moment',
  undone: (of, revision) => `Revision ${of} was taken back by revision ${revision}.`,
  notUndone: (why, revision) => `Revision ${revision} was not taken back: ${why}`,
  undoObstacles: (revision, names, more) =>
    `Revision ${revision} was not taken back: ${names}${more > 0 ? ` and ${more} more` : ''} changed again later. ` +
    'Take the later changes back first.',
  laterChanges: 'Show later changes',

  moment: 'State at',
  now: (revision) => `Now: revision ${revision}. Move the slider to see an earlier state.`,
  momentOf: (revision, text) => (text ? `Revision ${revision} – ${text}` : `Revision ${revision}`),
  backToNow: 'Back to now',
  pastNote: 'You are looking at the past. Nothing can be changed here.',
  atLeast: (count, hasMore) => (hasMore ? `the first ${count}` : String(count)),

  tokenTitle: 'This cluster needs a token',
  token: 'Token',
  tokenGo: 'Continue',
  tokenWrong: 'The nodes do not accept that token.',

  columns: { node: 'Node', role: 'Role', term: 'Term', applied: 'Applied', lag: 'Lag', use: 'In use' },
  role: {
    leader: 'leader',
    follower: 'follower',
    candidate: 'candidate',
    preCandidate: 'pre-candidate',
    learner: 'learner',
  },
  down: 'DOWN',
  inUse: 'in use',
  use: 'Use',
  useNode: (name) => `Use node ${name}`,
  restart: 'Start it again:',
  seen: (ago) => `last heard ${ago} ago`,
  ago: { second: (n) => `${n} s`, minute: (n) => `${n} min`, hour: (n) => `${n} h` },
  failure: {
    timeout: 'no answer in time',
    unreachable: 'no connection',
    stranger: 'another node answers there',
    anotherCluster: 'another cluster answers there',
    no_leader: 'no leader',
    no_quorum: 'too few nodes are up',
    busy: 'the node is busy',
  },
  alarms: (list) => `says: ${list}`,
  disagreement: {
    leader: ({ address, named }) =>
      named ? `${address} takes ${named} for the leader.` : `${address} knows no leader.`,
    state: ({ address, revision }) => `${address} has other data than the leader at revision ${revision}!`,
  },
  agreement: 'All living nodes say the same.',
  pictureLabel: 'The nodes and their messages as a picture; the table below says the same in words.',
  termShort: (term) => `term ${term}`,
  votedFor: (name) => `vote: ${name}`,
  noStories: 'What the nodes agree on is told here as it happens.',
  story: {
    asks: ({ node, silence }) =>
      `${node} has heard no leader for ${silence} ms and asks whether it would win an election (pre-vote).`,
    stands: ({ node, term }) => `${node} stands for election in term ${term} and votes for itself.`,
    votes: ({ node, member, term }) =>
      `${node} gives ${member} its vote for term ${term}: one vote a term, and only for a log that is no older than its own.`,
    leads: ({ node, term }) => `${node} has the votes of a majority and leads term ${term}.`,
    yields: ({ node, term }) => `${node} has heard of term ${term}, which is newer, and steps down.`,
    losesQuorum: ({ node }) => `${node} has not heard a majority for too long and steps down.`,
    refusesVote: ({ node }) =>
      `${node} refuses a vote: it has voted already, hears a leader, or its own log is newer.`,
    mismatch: ({ node }) =>
      `${node} refuses entries: its log differs before them, so the leader tries further back.`,
    truncates: ({ node, entries }) =>
      `${node} gives up ${plural(entries, 'entry', 'entries')} that no majority ever had, for the leader's.`,
    snapshot: ({ node }) => `${node} sends its whole state: the log no longer has what the other lacks.`,
    handsOver: ({ node }) => `${node} hands leadership over: it asks another node to stand at once.`,
    dies: ({ node }) => `${node} has crashed.`,
    restarts: ({ node }) => `${node} starts again from what its disk holds.`,
    commits: ({ node, index, entries }) =>
      `${node}: a majority has entry ${index}, so ${entries === 1 ? 'it is' : `${entries} entries are`} committed.`,
  },
  legend: {
    title: 'What is what',
    heartbeat: 'heartbeat, and its answer',
    append: 'entries of the log',
    requestVote: 'asks for a vote',
    vote: 'gives the vote',
    refused: 'refuses',
    new: 'an entry that is not committed',
    committed: 'committed: a majority has it',
    applied: 'applied to the data',
  },
  lab: {
    title: 'Laboratory',
    hint: 'Break the cluster and watch it heal. A click on a line of the picture cuts it, too.',
    gone: 'The lab does not answer any more.',
    ways: 'Ways between nodes',
    way: (one, other) => `Cut the way between ${one} and ${other}`,
    mend: 'Mend everything',
    state: { running: 'runs', paused: 'paused', dead: 'dead' },
    slowed: (ms) => `disk ${ms} ms slower`,
    filled: 'disk full',
    skewed: (minutes) => `clock ${minutes} min ahead`,
    damaged: 'log damaged',
    verb: {
      kill: 'Kill', start: 'Start', pause: 'Pause', resume: 'Resume', isolate: 'Cut off', rejoin: 'Rejoin',
      slow: 'Slow disk', quick: 'Quick disk', fill: 'Fill disk', free: 'Free disk', skew: 'Clock +1 h',
      set: 'Set clock', flip: 'Flip a bit',
    },
  },
  machine: {
    title: 'Time machine',
    begin: 'Begin', back: 'One tick back', forth: 'One tick on', next: 'Next event', play: 'Play', stop: 'Stop',
    speed: 'Speed', ticks: (count) => `${count} ticks a second`,
    position: 'Moment', at: (tick) => `tick ${tick}`,
    moment: (tick, last) => `Tick ${tick} of ${last}; a tick is 10 simulated milliseconds.`,
    life: 'A life', scenario: 'Scenario', ownLife: 'one of your own', look: 'What will happen? … Look',
    seed: 'Seed', nodes: 'Nodes', calm: (count) => `${plural(count, 'node', 'nodes')}, calm`,
    wild: 'as the seed says, with all faults', bug: 'Planted bug', noBug: 'none',
    orders: 'What shall happen', go: 'Run', link: 'Copy a link to this moment',
    fork: 'Do otherwise', forkHint: 'What you order happens at the tick that is shown; what was ordered for later is given up.',
    verb: { crash: 'Crash', start: 'Start', pause: 'Pause', cut: 'Cut off', heal: 'Heal' },
    broken: ({ rule, detail }) => `A promise is broken: ${rule}. ${detail}`,
    caught: 'The checker has caught a broken promise.',
    kept: ({ entries, operations }) =>
      `All promises kept: ${plural(entries, 'entry', 'entries')} committed, ${plural(operations, 'operation', 'operations')} judged.`,
    scenarios: {
      election: {
        title: 'The first election',
        question: 'Nobody leads at first. Who stands, and why not all at once?',
        answer: 'Each node waits for a time-out of its own length. The first whose time-out runs asks whether it would win (pre-vote), then stands in a new term; the others have heard of nobody and give it their votes (§5.2).',
      },
      staleLeader: {
        title: 'A leader that is cut off',
        question: 'The leader is cut off from all others and does not know it. Can it still commit? Who leads, and what happens when it is back?',
        answer: 'It gets no majority any more, so what it takes stays hollow. The others elect a leader in a newer term and go on. The old one steps down when it has not heard a majority for an election time-out; once healed it gives up the entries that no majority had (§5.3).',
      },
      minority: {
        title: 'Writes in a minority',
        question: 'Five nodes fall apart into two and three. Which side goes on?',
        answer: 'Only the side with three: a majority of five. The other side asks in pre-votes again and again, never gets three answers, and never moves the term (Thesis §9.6).',
      },
      splitVote: {
        title: 'A split vote',
        question: 'Two nodes stand in the same term and get as many votes. What now?',
        answer: 'Nobody has a majority, so the term ends without a leader. Each draws a new time-out, and it is unlikely that they meet again (§5.2).',
      },
      figure8: {
        title: 'Figure 8',
        question: 'A majority has an entry of an older term. May a new leader count the copies and call it committed? (The planted bug says yes.)',
        answer: 'No: a node without it could still win and overwrite it. Only an entry of the leader’s own term may be committed by counting; what is before it comes with it (§5.4.2). The checker sees the promise broken.',
      },
      votesTwice: {
        title: 'One vote too many',
        question: 'The planted bug lets a node vote for everybody who asks. What can happen?',
        answer: 'Two leaders in one term: election safety (Figure 3) is broken, and the checker sees it at once.',
      },
    },
  },
  charts: {
    title: 'Charts of the last ten minutes',
    rate: 'Changes a second', latency: 'Commit latency', lag: 'Entries behind', size: 'Size of the log',
    now: (name, values, top) => chartText(name, values, top, { now: 'now', most: 'at most', none: 'no figures yet' }, 'en'),
  },
  timeline: 'Timeline',
  happened: {
    leader: ({ address, term }) => `${address} leads, term ${term}`,
    none: () => 'no leader',
    up: ({ address }) => `${address} is up`,
    down: ({ address }) => `${address} is down`,
    started: ({ address }) => `${address} started`,
    stands: ({ address, term }) => `${address} stands for election, term ${term}`,
    stepsDown: ({ address, term }) => `${address} steps down, term ${term}`,
    promoted: ({ address }) => `${address} votes from now on`,
    alarm: ({ address, detail }) => `${address} raises an alarm: ${detail}`,
    cleared: ({ address, detail }) => `${address}: ${detail} is over`,
    mended: ({ address }) => `${address} had a damaged state and made it anew`,
    joined: ({ address }) => `${address} joined`,
    removed: ({ address }) => `${address} was removed`,
  },

  cutOff: (address) => `${address} is up, but the leader does not hear it.`,
  behind: (address, lag) =>
    `${address} is ${plural(lag, 'entry', 'entries')} behind and does not catch up.`,
  verdict(report) {
    const { members, up, spare, missing, quorum, leader, health, engine } = report
    const nodes = `${up} of ${plural(members.length, 'node', 'nodes')} up`
    if (health === 'no_leader') {
      return `NO LEADER, ${nodes}. An election is under way; changes must wait.`
    }
    if (health === 'no_quorum') {
      return (
        `NO QUORUM, ${nodes}, ${quorum} are needed. Nothing can be changed until ` +
        `${missing} more ${missing === 1 ? 'starts' : 'start'}.`
      )
    }
    const troubles = troublesOf(members, 'says') + cutOffOf(members, english) + behindOf(members, english)
    if (!leader) {
      return `DEGRADED, ${nodes}, no leader. ${troubles}Changes go on; keys that end wait for a leader.`
    }
    const margin =
      spare < 1
        ? 'Losing one more stops changes.'
        : `Losing ${spare === 1 ? 'one' : spare} more is survivable.`
    const copies = members.length === 1 ? 'There is no other copy of the data.' : margin
    return (
      `${health === 'healthy' ? 'HEALTHY' : 'DEGRADED'}, ${nodes}, leader ${leader.address}, ` +
      `term ${leader.term ?? 0}. ${troubles}${engine === 'etcd' ? 'etcd keeps the data.' : copies}`
    )
  },
}

/** The figures of a chart in words: `now 5000: 3, 5001: 0; at most 12`. */
function chartText(name, values, top, { now, most, none }, language) {
  if (top === null) return none
  const figure = (value) => {
    if (value === null) return '–'
    const format = (number, digits) => number.toLocaleString(language, { maximumFractionDigits: digits })
    if (name === 'latency') return `${format(value, 2)} ms`
    return name === 'size' ? `${format(value / 1024, 0)} KiB` : format(value, 1)
  }
  const present = values.map(({ name, value }) => (name ? `${name}: ${figure(value)}` : figure(value)))
  return `${now} ${present.join(', ')}; ${most} ${figure(top)}`
}

const vietnamese = {
  languageName: 'Tiếng Việt',
  documentTitle: (count) => (count > 0 ? `(${count}) pdb` : 'pdb'),
  language: 'Ngôn ngữ',
  nodeInUse: 'Node đang dùng',
  tasks: 'Công việc',
  cluster: 'Cụm',

  newTask: 'Công việc mới',
  newTaskHint: 'Cần làm gì?',
  add: 'Thêm',
  addMany: 'Thêm nhiều',
  newTasks: 'Công việc mới, mỗi dòng một việc',
  batchCount: (count) => `Thêm ${count} công việc`,
  batchNote: 'Thêm tất cả cùng lúc, hoặc không thêm gì.',
  titleProblem: {
    empty: 'Hãy viết việc cần làm.',
    control: 'Tiêu đề không được chứa ký tự điều khiển.',
    long: 'Tiêu đề quá dài: tối đa 4.096 byte.',
    many: 'Quá nhiều trong một lần: tối đa 1.000 công việc.',
    large: 'Quá lớn cho một lần: tối đa 1 MiB.',
  },
  onLine: (line, text) => `Dòng ${line}: ${text}`,

  show: 'Hiển thị',
  filter: { all: 'Tất cả', active: 'Chưa xong', completed: 'Đã xong' },
  search: 'Tìm kiếm',
  searchHint: 'Tìm kiếm, không cần dấu',
  listed: (matching, all) =>
    matching === all ? `${all} công việc` : `${matching} trong ${all} công việc`,
  more: (count) => `Hiện thêm ${count}`,
  loading: 'Đang đọc danh sách…',
  empty: 'Chưa có công việc nào. Hãy thêm việc đầu tiên ở trên.',
  emptyByFilter: 'Không có công việc nào phù hợp.',
  showAll: 'Hiện tất cả',

  completed: (title) => `Đã xong: ${title}`,
  edit: (title) => `Sửa: ${title}`,
  editTitle: 'Tiêu đề; Enter để lưu, Escape để bỏ',
  details: (title) => `Chi tiết: ${title}`,
  detailsTitle: 'Công việc',
  field: {
    title: 'Tiêu đề', due: 'Hạn', time: 'Giờ, nếu cần', priority: 'Ưu tiên', project: 'Dự án',
    tags: 'Nhãn', notes: 'Ghi chú',
  },
  fieldInText: {
    title: 'tiêu đề', due: 'hạn', priority: 'ưu tiên', project: 'dự án', tags: 'nhãn', notes: 'ghi chú',
  },
  tagsHint: 'học gấp',
  noPriority: 'không',
  hasNotes: 'có ghi chú',
  timeWithoutDate: 'Đã có giờ thì cần có ngày.',
  tooManyTags: (most) => `Quá nhiều nhãn: tối đa ${most}.`,
  save: 'Lưu',
  cancel: 'Hủy',
  remove: (title) => `Xóa: ${title}`,
  clearCompleted: (count) => `Xóa ${count} việc đã xong`,
  created: (date) => `tạo ${date}`,
  due: (date) => `hạn ${date}`,
  overdue: (date) => `quá hạn: ${date}`,
  priority: { high: 'ưu tiên cao', medium: 'ưu tiên vừa', low: 'ưu tiên thấp' },

  saving: 'đang lưu…',
  unsent: 'chưa gửi',
  unsentCount: (count) => `${count} thay đổi chưa gửi`,
  conflict: (theirs) => `Trong lúc đó đã được đổi ở nơi khác: ${theirs}.`,
  keepMine: 'Giữ bản của tôi',
  takeTheirs: 'Dùng bản của họ',
  notSaved: (why) => `Chưa lưu: ${why}`,
  maybeSaved: (why) => `Không chắc đã lưu hay chưa: ${why}`,
  gone: 'trong lúc đó công việc này đã bị xóa ở nơi khác.',
  undoConflict: 'sau đó đã có thay đổi khác nên không hoàn tác được.',
  again: 'Thử lại',
  discard: 'Bỏ',
  addInstead: 'Thêm thành việc mới',

  removedOne: (title) => `Đã xóa: ${title}`,
  removedMany: (count) => `Đã xóa ${count} việc đã xong`,
  undo: 'Hoàn tác',
  dismiss: 'Đóng',
  switched: {
    gone: (from, to) => `Node ${from} không phản hồi. Trang tiếp tục với node ${to}.`,
    alone: (from, to) => `Node ${from} đã mất liên lạc với cụm. Trang tiếp tục với node ${to}.`,
    removed: (from, to) => `Node ${from} đã bị gỡ khỏi cụm. Trang tiếp tục với node ${to}.`,
  },
  anotherCluster: (name) =>
    `Hiện có một cụm khác phản hồi tại đây (${name}). Đây là các công việc của cụm đó.`,
  elsewhere: (name, unsent, doubtful) =>
    [
      `Hiện có một cụm khác phản hồi tại đây (${name}).`,
      unsent > 0 && `${unsent} thay đổi dành cho cụm cũ chưa được gửi.`,
      doubtful > 0 && `${doubtful} thay đổi đã gửi cho cụm cũ nhưng không có phản hồi: không rõ đã được thực hiện hay chưa.`,
      'Thẻ này giữ lại các thay đổi đó và chỉ gửi cho cụm cũ.',
    ]
      .filter(Boolean)
      .join(' '),
  whichChanges: 'Các thay đổi',
  change: {
    add: ({ title }) => `Thêm: ${title}`,
    edit: (op) => `Đổi ${fieldList(op, vietnamese)}: ${op.title}`,
    complete: ({ title, completed }) => `${completed ? 'Đánh dấu đã xong' : 'Mở lại'}: ${title}`,
    remove: ({ title }) => `Xóa: ${title}`,
    clear: () => 'Xóa các công việc đã xong',
    addMany: ({ titles }) => `Thêm ${titles.length} công việc`,
    undo: ({ revisionOf }) => (revisionOf ? `Hoàn tác phiên bản ${revisionOf}` : 'Hoàn tác một thay đổi'),
    set: ({ title }) => `Đặt khóa ${title}`,
    removePair: ({ title }) => `Xóa khóa ${title}`,
  },
  copy: 'Sao chép',
  copied: 'Đã sao chép.',

  state: {
    loading: 'Đang kết nối…',
    offline: 'Không node nào phản hồi. Đây là dữ liệu lần cuối; trang vẫn đang thử lại.',
    no_leader: 'Chưa có leader. Các thay đổi chờ và sẽ tự được gửi.',
    no_quorum: 'Quá ít node đang chạy. Vẫn đọc được; các thay đổi chờ và sẽ tự được gửi.',
  },

  views: 'Các phần',
  keys: 'Khóa',
  history: 'Lịch sử',
  skipTo: {
    tasks: 'Đến danh sách công việc', keys: 'Đến danh sách khóa', history: 'Đến lịch sử',
    cluster: 'Đến phần cụm',
  },
  shortcuts: 'Phím tắt',
  shortcutsOn: 'Bật các phím này',
  shortcut: {
    search: 'Tìm trong phần này', add: 'Thêm công việc', next: 'Mục kế tiếp', previous: 'Mục trước đó',
    complete: 'Đánh dấu đã xong hoặc mở lại', undo: 'Hoàn tác thay đổi cuối của trang này', help: 'Hiện trợ giúp này',
  },
  undoing: (change) => `Đã hoàn tác: ${change}`,
  nothingToUndo: 'Trang này chưa có thay đổi nào để hoàn tác.',
  showMore: 'Hiện thêm',
  reading: 'Đang đọc…',
  notRead: (why) => `Không đọc được${why ? ` (${why})` : ''}. Trang sẽ tự thử lại nếu có ích.`,

  folder: 'Thư mục',
  allKeys: 'Mọi khóa',
  newKey: 'Khóa mới',
  prefix: 'Tiền tố',
  prefixHint: 'Khóa bắt đầu bằng…',
  keysListed: (folders, keys, hasMore) =>
    [
      hasMore && 'Phần đầu:',
      folders > 0 && `${folders} thư mục${keys > 0 ? ',' : ''}`,
      keys > 0 && `${keys} khóa`,
    ]
      .filter(Boolean)
      .join(' '),
  keyCount: (count, hasMore) => (hasMore ? `hơn ${count} khóa` : `${count} khóa`),
  noKeys: 'Chưa có khóa nào. Một khóa giữ JSON, văn bản hoặc byte bất kỳ: hãy tạo khóa đầu tiên bằng “Khóa mới”.',
  noKeysBelow: (prefix) => `Không có khóa nào bắt đầu bằng “${prefix}”.`,
  keysCut: 'Còn các khóa không phải văn bản. Dòng lệnh liệt kê chúng: pdb kv ls',
  bytesKey: (name) => `byte ${name}`,
  bytesValue: (text) => `byte: ${text}`,
  newKeyName: 'Khóa; dấu gạch chéo tạo thư mục',
  keyProblem: {
    empty: 'Hãy đặt tên cho khóa.',
    nul: 'Khóa không được bắt đầu bằng ký tự NUL.',
    long: 'Khóa quá dài: tối đa 1.024 byte.',
  },
  value: 'Giá trị',
  valueForm: 'Dạng của giá trị',
  valueForms: { json: 'JSON', text: 'Văn bản', bytes: 'Byte, dạng base64' },
  valueProblem: {
    empty: () => 'Hãy viết một giá trị. null cũng là một giá trị.',
    json: ({ line, column }) => `Chưa phải JSON: dòng ${line}, cột ${column}.`,
    base64: () => 'Không phải base64: chữ cái, chữ số, “+” và “/”, mỗi lần bốn ký tự.',
    large: () => 'Giá trị quá lớn: tối đa 512 KiB.',
  },
  createKey: 'Tạo',
  deleteKey: 'Xóa khóa này',
  noSuchKey: 'Khóa này không (còn) tồn tại. Lưu ở đây sẽ tạo lại nó.',
  keyIsBytes: 'khóa là byte, hiện dạng base64',
  endsIn: (seconds) => `hết hạn sau ${seconds} giây`,
  changedMeanwhile: 'Khóa này đã được đổi ở nơi khác từ khi bạn bắt đầu gõ. Khi lưu, bạn sẽ chọn giữ bản nào.',
  pairConflict: (isRemoval, revision) =>
    revision === null
      ? 'Chưa lưu: trong lúc đó khóa đã bị xóa ở nơi khác. Phần bạn gõ vẫn được giữ.'
      : isRemoval
        ? `Chưa xóa: trong lúc đó khóa đã được đổi ở nơi khác (phiên bản ${revision}).`
        : `Chưa lưu: trong lúc đó khóa đã được đổi ở nơi khác (phiên bản ${revision}). Phần bạn gõ vẫn được giữ.`,
  theirsToMine: 'Từ bản của họ (−) đến bản của bạn (+)',
  overwrite: 'Lưu bản của tôi',
  editOn: 'Sửa tiếp',
  deleteAnyway: 'Vẫn xóa',
  leaveDeleted: 'Để nguyên là đã xóa',
  compare: 'So sánh',
  keyHistory: 'Lịch sử của khóa này',
  noHistoryOfBytes: 'Trang không tra được lịch sử của khóa không phải văn bản.',
  noRevisionsOfKey: 'Không còn biết các giá trị trước: những phiên bản cũ nhất đã bị quên.',
  happenedToKey: {
    taskAdded: 'được tạo', taskRemoved: 'bị xóa', taskCompleted: 'đã xong', taskReopened: 'được mở lại',
    taskRenamed: 'được đổi tên', taskEdited: 'được đổi', keyAdded: 'được tạo', keyChanged: 'được đổi',
    keyRemoved: 'bị xóa',
  },
  revisionDid: (number, deed, undoes) =>
    undoes === null ? `Phiên bản ${number}: ${deed}` : `Phiên bản ${number}: ${deed}, hoàn tác phiên bản ${undoes}`,

  noDifference: 'giá trị không đổi',
  skippedLines: (count) => `${count} dòng không đổi`,
  lineKind: { same: '', removed: 'trước', added: 'sau', skipped: '' },
  differenceOf: (title) => `Trước và sau: ${title}`,

  revisionName: (number) => `Phiên bản ${number}`,
  allRevisions: 'Mọi phiên bản',
  historyPrefix: 'Chỉ các khóa bắt đầu bằng',
  historyPrefixHint: 'task_ cho công việc',
  author: 'Chỉ các thay đổi của',
  authorHint: 'page cho trang này',
  noAuthor: 'không tên',
  byWhom: (author, date) => `${author || 'không tên'}, ${date}`,
  noRevisions: 'Chưa có thay đổi nào. Từ giờ mọi thay đổi sẽ hiện ở đây và có thể hoàn tác.',
  noRevisionMatches: 'Không có phiên bản nào phù hợp.',
  noSuchRevision: 'Phiên bản này không (còn) được biết: những phiên bản cũ nhất đã bị quên.',
  undoneBy: (revision) => `đã hoàn tác bởi #${revision}`,
  andMore: (count) => `và ${count} mục khác`,
  ownDeed: (operation) => `Cơ sở dữ liệu tự làm: ${operation}`,
  tookBack: (revision) => `Hoàn tác phiên bản ${revision}`,
  deed: {
    taskAdded: (names) => `Thêm ${names}`,
    taskRemoved: (names) => `Xóa ${names}`,
    taskCompleted: (names) => `Xong ${names}`,
    taskReopened: (names) => `Mở lại ${names}`,
    taskRenamed: (names, { to }) => `Đổi tên ${names} thành “${to}”`,
    taskEdited: (names) => `Sửa ${names}`,
    keyAdded: (names) => `Tạo khóa ${names}`,
    keyRemoved: (names) => `Xóa khóa ${names}`,
    keyChanged: (names) => `Sửa khóa ${names}`,
    setting: (names, { from, to }) => `Đổi thiết lập ${names} từ ${from} thành ${to}`,
  },
  changeCount: (count) => `${count} thay đổi`,
  takeBackRevision: 'Hoàn tác phiên bản này',
  seeMoment: 'Xem mọi thứ tại thời điểm này',
  undone: (of, revision) => `Phiên bản ${of} đã được hoàn tác bởi phiên bản ${revision}.`,
  notUndone: (why, revision) => `Phiên bản ${revision} chưa được hoàn tác: ${why}`,
  undoObstacles: (revision, names, more) =>
    `Phiên bản ${revision} chưa được hoàn tác: ${names}${more > 0 ? ` và ${more} mục khác` : ''} đã được đổi lại sau đó. ` +
    'Hãy hoàn tác các thay đổi sau trước.',
  laterChanges: 'Xem các thay đổi sau',

  moment: 'Trạng thái tại',
  now: (revision) => `Hiện tại: phiên bản ${revision}. Kéo thanh trượt để xem trạng thái trước đó.`,
  momentOf: (revision, text) => (text ? `Phiên bản ${revision} – ${text}` : `Phiên bản ${revision}`),
  backToNow: 'Về hiện tại',
  pastNote: 'Bạn đang xem quá khứ. Ở đây không thay đổi được gì.',
  atLeast: (count, hasMore) => (hasMore ? `${count} mục đầu` : String(count)),

  tokenTitle: 'Cụm này cần mã truy cập',
  token: 'Mã truy cập',
  tokenGo: 'Tiếp tục',
  tokenWrong: 'Các node không chấp nhận mã này.',

  columns: { node: 'Node', role: 'Vai trò', term: 'Nhiệm kỳ', applied: 'Đã áp dụng', lag: 'Trễ', use: 'Đang dùng' },
  role: {
    leader: 'leader',
    follower: 'follower',
    candidate: 'ứng cử viên',
    preCandidate: 'ứng cử viên sơ bộ',
    learner: 'learner',
  },
  down: 'DỪNG',
  inUse: 'đang dùng',
  use: 'Dùng',
  useNode: (name) => `Dùng node ${name}`,
  restart: 'Khởi động lại:',
  seen: (ago) => `tín hiệu cuối ${ago} trước`,
  ago: { second: (n) => `${n} giây`, minute: (n) => `${n} phút`, hour: (n) => `${n} giờ` },
  failure: {
    timeout: 'hết thời gian chờ',
    unreachable: 'không kết nối được',
    stranger: 'một node khác phản hồi ở đó',
    anotherCluster: 'một cụm khác phản hồi ở đó',
    no_leader: 'chưa có leader',
    no_quorum: 'quá ít node đang chạy',
    busy: 'node đang bận',
  },
  alarms: (list) => `cảnh báo: ${list}`,
  disagreement: {
    leader: ({ address, named }) =>
      named ? `${address} cho rằng leader là ${named}.` : `${address} không biết leader nào.`,
    state: ({ address, revision }) =>
      `${address} có dữ liệu khác leader ở phiên bản ${revision}!`,
  },
  agreement: 'Mọi node đang chạy đều thống nhất.',
  pictureLabel: 'Các node và thông điệp giữa chúng bằng hình vẽ; bảng bên dưới nói cùng điều đó bằng chữ.',
  termShort: (term) => `kỳ ${term}`,
  votedFor: (name) => `phiếu: ${name}`,
  noStories: 'Việc các node thỏa thuận với nhau được kể ở đây khi nó xảy ra.',
  story: {
    asks: ({ node, silence }) =>
      `${node} không nghe thấy leader trong ${silence} ms và hỏi trước xem mình có thắng cử không (pre-vote).`,
    stands: ({ node, term }) => `${node} ra ứng cử nhiệm kỳ ${term} và tự bỏ phiếu cho mình.`,
    votes: ({ node, member, term }) =>
      `${node} bỏ phiếu cho ${member} ở nhiệm kỳ ${term}: mỗi nhiệm kỳ một phiếu, và chỉ cho log không cũ hơn log của mình.`,
    leads: ({ node, term }) => `${node} được đa số bỏ phiếu và làm leader nhiệm kỳ ${term}.`,
    yields: ({ node, term }) => `${node} biết có nhiệm kỳ ${term} mới hơn nên thôi làm leader.`,
    losesQuorum: ({ node }) => `${node} quá lâu không nghe được đa số nên thôi làm leader.`,
    refusesVote: ({ node }) =>
      `${node} từ chối bỏ phiếu: nó đã bỏ phiếu, còn nghe thấy leader, hoặc log của nó mới hơn.`,
    mismatch: ({ node }) =>
      `${node} từ chối các mục: log của nó khác ở phía trước, nên leader thử lùi lại.`,
    truncates: ({ node, entries }) =>
      `${node} bỏ ${entries} mục mà đa số chưa bao giờ có, để nhận các mục của leader.`,
    snapshot: ({ node }) => `${node} gửi toàn bộ trạng thái: log không còn giữ phần mà node kia thiếu.`,
    handsOver: ({ node }) => `${node} nhường quyền leader: nó yêu cầu một node khác ứng cử ngay.`,
    dies: ({ node }) => `${node} đã sập.`,
    restarts: ({ node }) => `${node} khởi động lại từ những gì đĩa còn giữ.`,
    commits: ({ node, index, entries }) =>
      `${node}: đa số đã có mục ${index}, nên ${entries === 1 ? 'mục đó' : `${entries} mục`} được commit.`,
  },
  legend: {
    title: 'Chú giải',
    heartbeat: 'heartbeat và câu trả lời',
    append: 'các mục của log',
    requestVote: 'xin phiếu',
    vote: 'bỏ phiếu',
    refused: 'từ chối',
    new: 'mục chưa commit',
    committed: 'đã commit: đa số đã có',
    applied: 'đã áp dụng vào dữ liệu',
  },
  lab: {
    title: 'Phòng thí nghiệm',
    hint: 'Hãy phá cụm và xem nó tự phục hồi. Nhấp vào một đường nối trên hình cũng cắt nó.',
    gone: 'Phòng thí nghiệm không trả lời nữa.',
    ways: 'Đường nối giữa các node',
    way: (one, other) => `Cắt đường nối giữa ${one} và ${other}`,
    mend: 'Sửa lại tất cả',
    state: { running: 'đang chạy', paused: 'tạm dừng', dead: 'đã chết' },
    slowed: (ms) => `đĩa chậm thêm ${ms} ms`,
    filled: 'đĩa đầy',
    skewed: (minutes) => `đồng hồ nhanh ${minutes} phút`,
    damaged: 'log hỏng',
    verb: {
      kill: 'Giết', start: 'Khởi động', pause: 'Tạm dừng', resume: 'Chạy tiếp', isolate: 'Cô lập',
      rejoin: 'Nối lại', slow: 'Làm chậm đĩa', quick: 'Đĩa bình thường', fill: 'Làm đầy đĩa',
      free: 'Giải phóng đĩa', skew: 'Đồng hồ +1 giờ', set: 'Chỉnh đồng hồ', flip: 'Lật một bit',
    },
  },
  machine: {
    title: 'Cỗ máy thời gian',
    begin: 'Về đầu', back: 'Lùi một nhịp', forth: 'Tiến một nhịp', next: 'Sự kiện tiếp', play: 'Phát', stop: 'Dừng',
    speed: 'Tốc độ', ticks: (count) => `${count} nhịp mỗi giây`,
    position: 'Thời điểm', at: (tick) => `nhịp ${tick}`,
    moment: (tick, last) => `Nhịp ${tick} trên ${last}; một nhịp là 10 mili giây mô phỏng.`,
    life: 'Một cuộc đời', scenario: 'Kịch bản', ownLife: 'tự chọn', look: 'Điều gì sẽ xảy ra? … Xem',
    seed: 'Hạt giống', nodes: 'Số node', calm: (count) => `${count} node, yên tĩnh`,
    wild: 'theo hạt giống, với mọi loại lỗi', bug: 'Lỗi cài sẵn', noBug: 'không có',
    orders: 'Điều phải xảy ra', go: 'Chạy', link: 'Chép liên kết đến thời điểm này',
    fork: 'Rẽ nhánh', forkHint: 'Điều bạn yêu cầu xảy ra ở nhịp đang hiển thị; những yêu cầu cho lúc sau bị bỏ.',
    verb: { crash: 'Làm sập', start: 'Khởi động', pause: 'Tạm dừng', cut: 'Cô lập', heal: 'Nối lại' },
    broken: ({ rule, detail }) => `Một lời hứa bị phá vỡ: ${rule}. ${detail}`,
    caught: 'Bộ kiểm tra đã bắt được một lời hứa bị phá vỡ.',
    kept: ({ entries, operations }) =>
      `Mọi lời hứa được giữ: ${entries} mục đã commit, ${operations} thao tác đã được kiểm tra.`,
    scenarios: {
      election: {
        title: 'Cuộc bầu cử đầu tiên',
        question: 'Ban đầu không ai làm leader. Ai ra ứng cử, và vì sao không phải tất cả cùng lúc?',
        answer: 'Mỗi node chờ một khoảng thời gian riêng. Node hết giờ trước hỏi thử xem mình có thắng không (pre-vote), rồi ứng cử ở nhiệm kỳ mới; các node khác chưa nghe thấy ai nên bỏ phiếu cho nó (§5.2).',
      },
      staleLeader: {
        title: 'Leader bị cô lập',
        question: 'Leader bị cắt khỏi mọi node khác mà không biết. Nó còn commit được không? Ai làm leader, và điều gì xảy ra khi nó trở lại?',
        answer: 'Nó không còn đa số, nên những gì nó nhận vẫn rỗng. Các node khác bầu leader ở nhiệm kỳ mới và đi tiếp. Leader cũ thôi làm khi quá lâu không nghe được đa số; khi được nối lại nó bỏ các mục mà đa số không có (§5.3).',
      },
      minority: {
        title: 'Ghi ở phía thiểu số',
        question: 'Năm node tách thành hai và ba. Phía nào đi tiếp?',
        answer: 'Chỉ phía có ba node: đa số của năm. Phía kia hỏi pre-vote mãi, không bao giờ có đủ ba câu trả lời và không làm tăng nhiệm kỳ (Luận án §9.6).',
      },
      splitVote: {
        title: 'Phiếu bị chia đôi',
        question: 'Hai node ứng cử cùng một nhiệm kỳ và được số phiếu bằng nhau. Rồi sao?',
        answer: 'Không ai có đa số nên nhiệm kỳ kết thúc không có leader. Mỗi node rút một thời gian chờ mới, và khó mà trùng nhau lần nữa (§5.2).',
      },
      figure8: {
        title: 'Hình 8',
        question: 'Đa số đã có một mục của nhiệm kỳ cũ. Leader mới có được đếm số bản sao rồi coi là đã commit? (Lỗi cài sẵn nói là có.)',
        answer: 'Không: một node không có mục đó vẫn có thể thắng cử và ghi đè. Chỉ mục thuộc nhiệm kỳ của chính leader mới được commit bằng cách đếm; những gì trước nó đi theo (§5.4.2). Bộ kiểm tra thấy lời hứa bị phá vỡ.',
      },
      votesTwice: {
        title: 'Thừa một phiếu',
        question: 'Lỗi cài sẵn cho một node bỏ phiếu cho bất kỳ ai xin. Điều gì có thể xảy ra?',
        answer: 'Hai leader trong cùng một nhiệm kỳ: an toàn bầu cử (Hình 3) bị phá vỡ, và bộ kiểm tra thấy ngay.',
      },
    },
  },
  charts: {
    title: 'Biểu đồ mười phút qua',
    rate: 'Thay đổi mỗi giây', latency: 'Độ trễ commit', lag: 'Số mục còn thiếu', size: 'Kích thước log',
    now: (name, values, top) => chartText(name, values, top, { now: 'hiện tại', most: 'cao nhất', none: 'chưa có số liệu' }, 'vi'),
  },
  timeline: 'Diễn biến',
  happened: {
    leader: ({ address, term }) => `${address} làm leader, nhiệm kỳ ${term}`,
    none: () => 'không có leader',
    up: ({ address }) => `${address} đã chạy`,
    down: ({ address }) => `${address} đã dừng`,
    started: ({ address }) => `${address} đã khởi động`,
    stands: ({ address, term }) => `${address} ra ứng cử, nhiệm kỳ ${term}`,
    stepsDown: ({ address, term }) => `${address} thôi làm leader, nhiệm kỳ ${term}`,
    promoted: ({ address }) => `${address} được bỏ phiếu từ nay`,
    alarm: ({ address, detail }) => `${address} báo động: ${detail}`,
    cleared: ({ address, detail }) => `${address}: ${detail} đã hết`,
    mended: ({ address }) => `${address} có trạng thái hỏng và đã dựng lại nó`,
    joined: ({ address }) => `${address} đã tham gia`,
    removed: ({ address }) => `${address} đã bị gỡ khỏi cụm`,
  },

  cutOff: (address) => `${address} đang chạy, nhưng leader không nghe thấy nó.`,
  behind: (address, lag) => `${address} trễ ${lag} mục nhật ký và không bắt kịp.`,
  verdict(report) {
    const { members, up, spare, missing, quorum, leader, health, engine } = report
    const nodes = `${up}/${members.length} node đang chạy`
    if (health === 'no_leader') {
      return `CHƯA CÓ LEADER, ${nodes}. Đang bầu chọn; các thay đổi phải chờ.`
    }
    if (health === 'no_quorum') {
      return `KHÔNG ĐỦ NODE, ${nodes}, cần ${quorum}. Chưa thể thay đổi gì cho đến khi thêm ${missing} node chạy.`
    }
    const troubles = troublesOf(members, 'cảnh báo') + cutOffOf(members, vietnamese) + behindOf(members, vietnamese)
    if (!leader) {
      return `SUY GIẢM, ${nodes}, chưa có leader. ${troubles}Vẫn thay đổi được; các khóa có hạn chờ có leader.`
    }
    const margin =
      spare < 1 ? 'Mất thêm một node là không thể thay đổi gì nữa.' : `Còn chịu được mất thêm ${spare} node.`
    const copies = members.length === 1 ? 'Không có bản sao dữ liệu nào khác.' : margin
    return (
      `${health === 'healthy' ? 'ỔN ĐỊNH' : 'SUY GIẢM'}, ${nodes}, leader ${leader.address}, ` +
      `nhiệm kỳ ${leader.term ?? 0}. ${troubles}${engine === 'etcd' ? 'Dữ liệu do etcd giữ.' : copies}`
    )
  },
}

function fieldList({ fields }, words) {
  return Object.keys(fields).map((name) => words.fieldInText[name]).join(', ')
}

function cutOffOf(members, words) {
  return members.filter(({ isCutOff }) => isCutOff).map(({ address }) => `${words.cutOff(address)} `).join('')
}

function behindOf(members, words) {
  return members
    .filter(({ isBehind }) => isBehind)
    .map(({ address, lag }) => `${words.behind(address, lag)} `)
    .join('')
}

function troublesOf(members, says) {
  return members
    .filter(({ alarms }) => alarms.length > 0)
    .map(({ address, alarms }) => `${address} ${says}: ${alarms.join(', ')}. `)
    .join('')
}

export const languages = { vi: vietnamese, en: english }

/** The first of the user's languages that the page speaks; English if it speaks none of them. */
export function bestLanguage(wanted) {
  const known = wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => languages[tag])
  return known ?? 'en'
}
