// The top of the page: the verdict, the node in use, and what is wrong.

import { shortNames } from '../logic/cluster.mjs'
import { unsent, visibleTasks, writability } from '../logic/state.mjs'
import { setText } from './elements.mjs'

const verdict = document.getElementById('verdict')
const nodeName = document.getElementById('node-name')
const trouble = document.getElementById('trouble')
const troubleWords = document.getElementById('trouble-words')
const unsentWords = document.getElementById('unsent')

export function drawHeader(state, words) {
  const { report, connection } = state
  const canWrite = writability(state)
  setText(verdict, report && canWrite !== 'offline' ? words.verdict(report) : '')
  verdict.className = report?.health ?? ''
  const { node } = connection
  const names = shortNames(report?.members ?? [])
  setText(nodeName, names.get(node?.address) ?? node?.address ?? '?')
  nodeName.title = node?.address ?? ''
  const waiting = unsent(state).filter(({ phase }) => phase === 'waiting').length
  const isTrouble = canWrite !== 'yes' && canWrite !== 'loading'
  setText(troubleWords, isTrouble ? words.state[canWrite] : '')
  setText(unsentWords, waiting > 0 ? `${words.unsentCount(unsent(state).length)}.` : '')
  trouble.hidden = !isTrouble && waiting === 0
  const title = words.documentTitle(visibleTasks(state).counts.active)
  const { view } = state.place
  document.title = view === 'tasks' ? title : `${words[view]} – ${title}`
}
