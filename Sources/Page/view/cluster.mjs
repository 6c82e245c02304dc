// The cluster: every member, where they disagree, and what befell them.

import { shortNames } from '../logic/cluster.mjs'
import { fromTemplate, keepingFocus, setText, showAll } from './elements.mjs'
import { labReport } from './lab.mjs'

const section = document.getElementById('cluster')
const columns = document.getElementById('columns')
const members = document.getElementById('members')
const disagreements = document.getElementById('disagreements')
const timeline = document.getElementById('timeline')

/** @param use is called with the id of the node that the user wants to use. */
export function startCluster({ use }) {
  members.addEventListener('click', ({ target }) => {
    if (target.matches('button')) use(target.dataset.id)
  })
}

export function drawCluster(state, words, language) {
  const { report } = state
  drawColumns(words)
  if (!report) return
  const names = shortNames(report.members)
  const rows = report.members.flatMap((member) => {
    const note = noteOn(member, words)
    const row = { member, name: names.get(member.address), key: member.id, isLast: !note }
    return note ? [row, { note, key: `${member.id}/note`, isLast: true }] : [row]
  })
  keepingFocus(members, section, () =>
    showAll(members, rows, {
      key: ({ key }) => key,
      make: ({ note }) => fromTemplate(note ? 'member-note' : 'member-row'),
      update: (row, item) => {
        row.classList.toggle('last', item.isLast)
        if (item.note) drawNote(row, item.note)
        else drawMember(row, item, report, state.connection, words)
      },
    }),
  )
  const found = report.disagreements.map((item) => ({
    text: words.disagreement[item.kind](named(item, names)),
    isTrouble: item.kind === 'state',
  }))
  if (found.length === 0 && report.leader) found.push({ text: words.agreement })
  showAll(disagreements, found, {
    key: ({ text }) => text,
    make: () => document.createElement('li'),
    update(line, { text, isTrouble }) {
      setText(line, text)
      line.classList.toggle('trouble', isTrouble ?? false)
    },
  })
  drawTimeline(state.timeline, names, words, language)
}

function drawColumns(words) {
  showAll(columns, Object.entries(words.columns), {
    key: ([name]) => name,
    make: () => document.createElement('th'),
    update(cell, [name, title]) {
      cell.scope = 'col'
      cell.className = name
      setText(cell, title)
    },
  })
}

function drawMember(row, { member, name }, report, connection, words) {
  row.classList.toggle('down', !member.isUp)
  row.classList.toggle('leader', member === report.leader)
  const set = (column, text) => setText(row.querySelector(`.${column}`), text)
  set('name', name)
  row.querySelector('.name').title = member.address
  set('role', member.isUp ? (words.role[member.role] ?? member.role) : words.down)
  set('term', String(member.term ?? '?'))
  set('applied', String(member.applied ?? '?'))
  set('lag', member === report.leader ? '–' : String(member.lag ?? '?'))
  drawUse(row.querySelector('.use'), member, name, connection.node, words)
}

/** Whether the page uses this node, or a button to make it so. */
function drawUse(cell, member, name, inUse, words) {
  const state = member.id === inUse?.id ? 'used' : member.isUp ? 'usable' : 'unusable'
  const look = `${state} ${words.use}`
  if (cell.dataset.look === look) return
  cell.dataset.look = look
  cell.textContent = state === 'used' ? '✓' : ''
  if (state === 'used') cell.setAttribute('aria-label', words.inUse)
  else cell.removeAttribute('aria-label')
  if (state !== 'usable') return
  const button = fromTemplate('button')
  button.textContent = words.use
  button.dataset.id = member.id
  button.setAttribute('aria-label', words.useNode(name))
  cell.append(button)
}

/** What is to be said of a member below its row, and the command that helps. */
function noteOn(member, words) {
  if (!member.isUp) {
    const parts = [words.failure[member.failure] ?? member.failure ?? '?']
    if (member.silence !== null) parts.push(words.seen(ago(member.silence, words)))
    const text = `${parts.join(', ')}.`
    // Only the lab, the node that holds its files, or one beside it, knows a command that does no harm.
    const inLab = labReport()?.nodes.find(({ address }) => address === member.address)
    const restart = inLab?.start ?? member.restart
    return restart ? { text: `${text} ${words.restart}`, command: restart } : { text }
  }
  const parts = []
  if (member.isCutOff) parts.push(words.cutOff(member.address))
  if (member.isBehind) parts.push(words.behind(member.address, member.lag))
  if (member.alarms.length > 0) parts.push(words.alarms(member.alarms.join(', ')))
  return parts.length > 0 ? { text: parts.join(' ') } : null
}

function drawNote(row, { text, command }) {
  setText(row.querySelector('.words'), text)
  setText(row.querySelector('code'), command ?? '')
}

function drawTimeline(entries, names, words, language) {
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium' })
  const items = entries.map((entry, at) => ({ entry, key: `${entries.length - at} ${entry.time}` }))
  showAll(timeline, items, {
    key: ({ key }) => key,
    make: () => fromTemplate('entry'),
    update(line, { entry }) {
      const time = line.querySelector('time')
      time.dateTime = new Date(entry.time).toISOString()
      setText(time, clock.format(entry.time))
      setText(line.querySelector('span'), words.happened[entry.kind](named(entry, names)))
    },
  })
}

function named(item, names) {
  const name = (address) => (address ? (names.get(address) ?? address) : address)
  return { ...item, address: name(item.address), named: name(item.named) }
}

function ago(milliseconds, words) {
  const seconds = Math.floor(milliseconds / 1000)
  if (seconds < 60) return words.ago.second(seconds)
  if (seconds < 3600) return words.ago.minute(Math.floor(seconds / 60))
  return words.ago.hour(Math.floor(seconds / 3600))
}
