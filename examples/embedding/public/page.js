// What the pages without a framework have in common: a list of integrations, each with a button.

/** What the app's own back end says: where Authbridge is, who is signed in, and the user's token. */
export const session = () => fetch('/session').then((answer) => answer.json())

const element = (name, members = {}, ...children) => {
  const made = Object.assign(document.createElement(name), members)
  made.append(...children)
  return made
}

/** Draws the integrations that `load` gives; `connect` and `disconnect` take one. */
export async function show({ load, connect, disconnect }) {
  const list = document.querySelector('.list')
  const output = document.querySelector('output')
  const again = () => show({ load, connect, disconnect })
  const doing = (work) => async () => {
    output.textContent = ''
    try {
      await work()
      await again()
    } catch (error) {
      output.textContent = error.message
    }
  }
  const integrations = await load()
  list.replaceChildren(
    ...integrations.map((integration) => {
      const isConnected = integration.connection && !integration.connection.disconnected
      const row = element('li', {}, element('span', { className: 'name', textContent: integration.name }))
      row.dataset.key = integration.key
      if (isConnected) {
        const ask = element('button', { textContent: 'Who am I there?', onclick: () => me(integration.key, output) })
        const leave = element('button', { textContent: 'Disconnect', onclick: doing(() => disconnect(integration)) })
        row.append(element('span', { className: 'state', textContent: 'Connected' }), ask, leave)
      } else {
        row.append(element('button', { textContent: 'Connect', onclick: doing(() => connect(integration)) }))
      }
      return row
    }),
  )
}

/** The app's back end asks the other API. */
async function me(key, output) {
  const answer = await fetch(`/me/${key}`)
  output.textContent = JSON.stringify(await answer.json(), null, 2)
}

/** Lets the visitor be somebody else, in the place of a login. */
export async function choosesUser() {
  const { user, users } = await session()
  const options = Object.entries(users).map(([value, text]) => element('option', { value, text, selected: value === user.id }))
  const select = element('select', { ariaLabel: 'Signed in as' }, ...options)
  select.onchange = () => {
    document.cookie = `user=${select.value}; path=/; SameSite=Lax`
    location.reload()
  }
  document.querySelector('header').append(select)
}
