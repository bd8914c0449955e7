import { IntegrationAppProvider, useIntegrationApp, useIntegrations } from '@integration-app/react'
import { useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

const session = () => fetch('/session').then((answer) => answer.json())

function App() {
  const [engine, setEngine] = useState()
  useEffect(() => {
    session().then(({ engine }) => setEngine(engine))
  }, [])
  if (!engine) return <p>One moment …</p>
  return (
    <IntegrationAppProvider apiUri={engine} uiUri={engine} fetchToken={async () => (await session()).token}>
      <Integrations />
    </IntegrationAppProvider>
  )
}

function Integrations() {
  const { integrations, loading, error, refresh } = useIntegrations()
  const [said, say] = useState('')
  if (loading) return <p>One moment …</p>
  if (error) return <p role="alert">{error.message}</p>
  const doing = (work) => async () => {
    try {
      say((await work()) ?? '')
      await refresh()
    } catch (error) {
      say(error.message)
    }
  }
  return (
    <>
      <h1>With React</h1>
      <ul className="list">
        {integrations.map((integration) => (
          <Integration key={integration.id} integration={integration} doing={doing} />
        ))}
      </ul>
      <output>{said}</output>
    </>
  )
}

function Integration({ integration, doing }) {
  const client = useIntegrationApp()
  const { key, name, connection } = integration
  const connect = async () => {
    await client.integration(key).openNewConnection()
  }
  const disconnect = async () => {
    await client.connection(connection.id).archive()
  }
  const me = async () => JSON.stringify(await (await fetch(`/me/${key}`)).json(), null, 2)
  const isConnected = connection && !connection.disconnected
  return (
    <li data-key={key}>
      <span className="name">{name}</span>
      {isConnected ? (
        <>
          <span className="state">Connected</span>
          <button onClick={doing(me)}>Who am I there?</button>
          <button onClick={doing(disconnect)}>Disconnect</button>
        </>
      ) : (
        <button onClick={doing(connect)}>Connect</button>
      )}
    </li>
  )
}

createRoot(document.getElementById('root')).render(<App />)
