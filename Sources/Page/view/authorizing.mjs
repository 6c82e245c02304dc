// The question for the token, where a cluster wants one.

const dialog = document.getElementById('authorize')
const token = document.getElementById('token')

/** @param authorize is called with the token that the user gives. */
export function startAuthorizing(authorize) {
  dialog.addEventListener('close', () => {
    if (token.value === '') return
    authorize(token.value.trim())
    token.value = ''
  })
}

export function drawAuthorizing({ wantsToken }) {
  if (wantsToken && !dialog.open) dialog.showModal()
  if (!wantsToken && dialog.open) dialog.close()
}
