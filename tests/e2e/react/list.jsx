// A list of integrations with a button each, made with the React packages as they are shipped. `kit` is one of them.

import { useState } from 'react'
import { createRoot } from 'react-dom/client'

/** Shows the list for whoever holds `token`, of the engine at `api`. */
export function show({ kit, Provider, useClient, Item }, element, { api, token }) {
  createRoot(element).render(
    <Provider token={token} apiUri={api} uiUri={api}>
      <Integrations kit={kit} useClient={useClient} Item={Item} />
    </Provider>,
  )
}

function Integrations({ kit, useClient, Item }) {
  const { integrations, loading, error, refresh } = kit.useIntegrations({ limit: 25 })
  if (loading) return <p>Loading…</p>
  if (error) return <p role="alert">{error.message}</p>
  return (
    <ul>
      {integrations.map((integration) => (
        <Row key={integration.id} integration={integration} useClient={useClient} Item={Item} refresh={refresh} />
      ))}
    </ul>
  )
}

function Row({ integration, useClient, Item, refresh }) {
  const client = useClient()
  const [problem, setProblem] = useState()
  const ending = (begun) => begun.then(refresh, (error) => setProblem(error.message ?? String(error)))
  const connect = (event) => {
    event.preventDefault()
    const fields = Object.fromEntries(new FormData(event.target))
    // The older SDK says `parameters`, the newer one `input`.
    ending(client.integration(integration.key).connect({ parameters: fields, input: fields }))
  }
  return (
    <li id={integration.key}>
      <Item integration={integration} onClick={() => ending(client.integration(integration.key).openNewConnection())} />
      <output>{integration.connection ? 'connected' : 'not connected'}</output>
      <form onSubmit={connect}>
        <input name="apiKey" aria-label="API key" />
        <button>Connect</button>
      </form>
      {problem && <p role="alert">{problem}</p>}
    </li>
  )
}
