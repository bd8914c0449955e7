// Connecting through OAuth 1.0a, and requests that the provider has to verify.

import assert from 'node:assert/strict'

import { connectInBrowser, mapping, parameter } from './flows.mjs'
import { adminToken, client, customerToken, http, startEnvironment } from './harness.mjs'
import { consumer, privateKey, startOAuth1Server } from './oauth1-server.mjs'

export const methods = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT']

export const code = (text) => ({ type: 'javascript', code: text })
export const form = (body) => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })
export const json = (value) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })
export const sorted = (pairs) => pairs.map(([name, value]) => `${name}=${value}`).sort()

/** An Authbridge and a provider, and what tests do with them; `stop()` ends both. */
export async function startBench() {
  const environment = await startEnvironment()
  const server = await startOAuth1Server()
  const bench = { environment, server }

  bench.reset = () => server.control({ forget: true, skew: 0, tolerance: 300, says: 'challenge', denial: 'problem' })
  bench.stop = async () => {
    await environment.stop()
    await server.stop()
  }

  /** Installs a connector for `provider`, with what its OAuth config has besides endpoints and consumer. */
  bench.install = async (key, config = {}, { members = {}, whose = consumer, provider = server } = {}) => {
    const names = ['consumerKey', 'consumerSecret', 'privateKey']
    const secrets = Object.fromEntries(names.map((name) => [name, parameter(name)]))
    const admin = client(environment, adminToken())
    await admin.post('/connectors', {
      key,
      name: 'An app with OAuth 1.0a',
      type: 'oauth1',
      getOAuthConfig: mapping({ ...secrets, ...endpoints(provider), ...config }),
      makeApiClient: mapping({ baseUri: `${provider.uri}/api` }),
      test: { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } },
      ...members,
    })
    const parameters = { consumerKey: whose.key, consumerSecret: whose.secret, privateKey }
    await admin.integrations.create({ key, name: key, connectorKey: key, parameters })
  }

  /** Connects `customer` with a browser that has no window; the connection has to work. */
  bench.connected = async (integration, customer) => {
    const { message, page } = await connectInBrowser(environment, integration, customer)
    assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
    assert.equal(message.connection.state, 'READY')
    assert.match(page.text, /Connected/)
    return message.connection
  }

  /** One request of `customer` through the proxy. */
  bench.proxied = ({ id }, customer, method, path, options = {}) =>
    http(environment, method, `/connections/${id}/proxy${path}`, { token: customerToken(customer), ...options })

  /** The same, which the provider has to accept; what it verified. */
  bench.verified = async (connection, customer, method, path, options = {}) => {
    const response = await bench.proxied(connection, customer, method, path, options)
    assert.equal(response.status, 200, `${method} ${path}: ${response.text}`)
    return response.json
  }

  /** The requests that the provider had, by path when one is given. */
  bench.asked = async (path) => {
    const { log } = await server.control()
    return log.filter((request) => !path || request.path === path)
  }

  return bench
}

export const endpoints = ({ uri }) => ({
  requestTokenUri: `${uri}/request-token`,
  authorizeUri: `${uri}/authorize`,
  tokenUri: `${uri}/access-token`,
})
