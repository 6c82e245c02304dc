// The question for the token, where a cluster wants one.

const dialog = document.getElementById('authorize')
const token = document.getElementById('token')
const problem = document.getElementById('token-problem')

/** @param authorize is called with the token that the user gives. */
export function startAuthorizing(authorize) {
  dialog.addEventListener('close', () => {
    const given = dialog.returnValue === 'given' ? token.value.trim() : ''
    token.value = ''
    if (given !== '') authorize(given)
  })
}

export function drawAuthorizing({ wantsToken }) {
  const isAsking = wantsToken === 'yes' || wantsToken === 'wrong'
  problem.hidden = wantsToken !== 'wrong'
  if (isAsking && !dialog.open) {
    // Escape leaves it as it is.
    dialog.returnValue = ''
    dialog.showModal()
  }
  if (!isAsking && dialog.open) dialog.close('')
}
