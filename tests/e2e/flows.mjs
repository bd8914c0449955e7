// Connecting through OAuth 2.0: connectors, the SDK's form in a browser without a window, and the outcome.

import { adminToken, client, customerToken } from './harness.mjs'
import { Browser } from './oidc.mjs'

/** Uploads `connector` and makes an integration of the same key, with the client that the server knows. */
export async function install(environment, connector, { clientId, clientSecret }) {
  const { key } = connector
  const parameters = { clientId, clientSecret }
  const admin = client(environment, adminToken())
  await admin.post('/connectors', connector)
  await admin.integrations.create({ key, name: key, connectorKey: key, parameters })
}

export const mapping = (value) => ({ type: 'mapping', mapping: value })
export const parameter = (name) => ({ $var: `connectorParameters.${name}` })

/** A connector of OAuth 2.0 for the app at `uri`: what its OAuth config has besides the client, and other members. */
export function oauth2Connector(key, uri, config, members = {}) {
  return {
    key,
    name: 'An app with OAuth 2.0',
    type: 'oauth2',
    getOAuthConfig: mapping({
      clientId: parameter('clientId'),
      clientSecret: parameter('clientSecret'),
      ...config,
    }),
    makeApiClient: mapping({
      baseUri: uri,
      headers: { Authorization: { $concat: ['Bearer ', { $var: 'credentials.access_token' }] } },
    }),
    test: { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } },
    ...members,
  }
}

/** The connector for an issuer of oidc-provider. */
export function oidcConnector(key, uri, config = {}) {
  const scopes = ['openid', 'offline_access']
  return oauth2Connector(key, uri, { issuer: uri, scopes, extra: { prompt: 'consent' }, ...config })
}

/** Submits the SDK's form for `customer` in a browser, and hears the outcome as the SDK does. */
export async function connectInBrowser(environment, integration, customer, options = {}) {
  const { browser = new Browser(), query = `integrationKey=${integration}`, ...members } = options
  const requestId = `request-${customer}-${Math.random().toString(36).slice(2)}`
  const payload = JSON.stringify({ token: customerToken(customer), requestId, ...members })
  const listening = outcome(environment, requestId)
  const page = await browser.go(
    `${environment.uri}/connection-popup?${query}`,
    { method: 'POST', body: new URLSearchParams({ payload }) },
    { login: customer, password: 'any' },
  )
  return { page, message: await listening }
}

/** The message for whoever waits for `requestId`. */
export async function outcome(environment, requestId) {
  const response = await fetch(`${environment.uri}/sse/connection-events/${requestId}`)
  const line = (await response.text()).split('\n').find((line) => line.startsWith('data: '))
  return JSON.parse(line.slice('data: '.length))
}

/** Waits until `holds` does, however long the machine takes. */
export async function until(holds) {
  for (;;) {
    const value = await holds()
    if (value) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
