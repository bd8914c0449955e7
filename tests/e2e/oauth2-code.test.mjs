// OAuth 2.0 with functions in JavaScript, against a server that rotates: the code's own exchange, hooks and refresh.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { connectInBrowser, install, oauth2Connector } from './flows.mjs'
import { adminToken, client, connect, customerToken, http, startEnvironment } from './harness.mjs'
import { faults, startOAuth2Server } from './oauth2-server.mjs'

let environment
let server
before(async () => {
  environment = await startEnvironment()
  server = await startOAuth2Server(`${environment.uri}/oauth-callback`)
})
after(async () => {
  await environment?.stop()
  await server?.stop()
})

const code = (text) => ({ type: 'javascript', code: text })

/** A token request in JavaScript, for the functions below. */
const ask = () => `
async function ask(clientSecret, parameters) {
  const client = { client_id: 'bridge', client_secret: clientSecret }
  const body = new URLSearchParams({ ...client, ...parameters }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch('${server.uri}/token', { method: 'POST', headers, body })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}`

/** Functions of a connector may call these. */
const hosts = () => [new URL(server.uri).host]

const endpoints = () => ({ authorizeUri: `${server.uri}/authorize`, tokenUri: `${server.uri}/token` })

async function secrets(id) {
  return (await client(environment, adminToken()).connection(id).get({ includeSecrets: true })).credentials
}

/** The statuses of requests that are made at once. */
async function useAtOnce(count, customer, id) {
  const token = customerToken(customer)
  const use = () => http(environment, 'GET', `/connections/${id}/proxy/me`, { token })
  const answers = await Promise.all(Array.from({ length: count }, use))
  return new Set(answers.map(({ status }) => status))
}

const granted = (grant) => server.log.filter((request) => request.grant === grant && request.status === 200).length

test('a connector that exchanges and refreshes by its own code', async () => {
  const connector = oauth2Connector('own-code', server.uri, {}, {
    functionHosts: hosts(),
    getOAuthConfig: code(`
export default ({ connectorParameters: { clientId } }) => ({ clientId, ...${JSON.stringify(endpoints())} })`),
    getTokenData: code(`${ask()}
export default ({ connectorParameters, queryParameters, codeVerifier, redirectUri }) =>
  ask(connectorParameters.clientSecret, {
    grant_type: 'authorization_code', code: queryParameters.code, code_verifier: codeVerifier, redirect_uri: redirectUri,
  })`),
    getCredentialsFromAccessTokenResponse: code(`
export default async ({ tokenResponse, queryParameters }) => {
  const headers = { Authorization: 'Bearer ' + tokenResponse.access_token }
  const me = await (await fetch('${server.uri}/me', { headers })).json()
  return { account: me.name, hadCode: Boolean(queryParameters.code) }
}`),
    refreshCredentials: code(`${ask()}
export default async ({ connectorParameters, credentials }) => {
  const parameters = { grant_type: 'refresh_token', refresh_token: credentials.refresh_token }
  return { ...(await ask(connectorParameters.clientSecret, parameters)), renewals: (credentials.renewals ?? 0) + 1 }
}`),
  })
  await install(environment, connector, server)
  const { message } = await connectInBrowser(environment, 'own-code', 'ada')
  assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
  const { id } = message.connection
  const first = await secrets(id)
  assert.deepEqual([first.account, first.hadCode], ['ada', true])
  assert.ok(first.expires_at, 'a lifetime that code returns counts')

  const before = granted('refresh_token')
  server.expireAll()
  assert.deepEqual(await useAtOnce(32, 'ada', id), new Set([200]))
  assert.equal(granted('refresh_token'), before + 1)
  const second = await secrets(id)
  assert.deepEqual([second.account, second.renewals], ['ada', 1])
  assert.notEqual(second.refresh_token, first.refresh_token)
  await client(environment, customerToken('ada')).post(`/connections/${id}/refresh-credentials`)
  assert.equal((await secrets(id)).renewals, 2)
})

test('hooks of code after the exchange and the refresh of the engine', async () => {
  const hook = (name) => code(`export default ({ tokenResponse, credentials }) => ({
  ${name}: tokenResponse.access_token.slice(0, 8), had: Boolean(credentials),
})`)
  const connector = oauth2Connector('hooks', server.uri, endpoints(), {
    getCredentialsFromAccessTokenResponse: hook('first'),
    getCredentialsFromRefreshTokenResponse: hook('renewed'),
  })
  await install(environment, connector, server)
  const { message } = await connectInBrowser(environment, 'hooks', 'bob')
  const { id } = message.connection
  const first = await secrets(id)
  assert.equal(first.first, first.access_token.slice(0, 8))
  await client(environment, customerToken('bob')).post(`/connections/${id}/refresh-credentials`)
  const second = await secrets(id)
  assert.equal(second.renewed, second.access_token.slice(0, 8))
  assert.equal(second.first, first.first)
})

test('a connector with a form, whose code logs in and renews', async () => {
  const connector = {
    ...oauth2Connector('form', server.uri, {}),
    type: 'client-credentials',
    functionHosts: hosts(),
    getOAuthConfig: undefined,
    inputSchema: {
      type: 'object',
      properties: { username: { type: 'string' }, password: { type: 'string', format: 'password' } },
      required: ['username', 'password'],
    },
    getCredentialsFromConnectionParameters: code(`${ask()}
export default ({ connectorParameters, connectionInput }) =>
  ask(connectorParameters.clientSecret, { grant_type: 'password', ...connectionInput })`),
    refreshCredentials: code(`${ask()}
export default ({ connectorParameters, credentials }) =>
  ask(connectorParameters.clientSecret, { grant_type: 'refresh_token', refresh_token: credentials.refresh_token })`),
  }
  await install(environment, connector, server)
  const token = customerToken('carol')
  const wrong = connect(environment, 'form', { username: 'ada', password: 'wrong' }, token)
  await assert.rejects(wrong, /invalid_grant/)
  const input = { username: server.user.id, password: server.user.password }
  const { id, canRefreshCredentials } = await connect(environment, 'form', input, token)
  assert.equal(canRefreshCredentials, true)
  const before = granted('refresh_token')
  server.expireAll()
  assert.deepEqual(await useAtOnce(32, 'carol', id), new Set([200]))
  assert.equal(granted('refresh_token'), before + 1)
})

test('code that fails to renew: what the server said decides', async () => {
  const connector = oauth2Connector('failing', server.uri, endpoints(), {
    functionHosts: hosts(),
    refreshCredentials: code(`
import axios from 'axios'
export default async ({ credentials }) => {
  const parameters = { grant_type: 'refresh_token', refresh_token: credentials.refresh_token }
  const { data } = await axios.post('${server.uri}/token', new URLSearchParams(parameters).toString())
  return data
}`),
  })
  await install(environment, connector, server)
  const { message } = await connectInBrowser(environment, 'failing', 'dave')
  const dave = client(environment, customerToken('dave'))
  const path = `/connections/${message.connection.id}`
  const stateAfter = async (fault) => {
    server.fault = () => fault
    await assert.rejects(dave.post(`${path}/refresh-credentials`), /`refreshCredentials` failed/)
    return (await dave.get(path)).state
  }
  assert.equal(await stateAfter(faults.html(503)), 'READY')
  assert.deepEqual(await useAtOnce(1, 'dave', message.connection.id), new Set([200]))
  assert.equal(await stateAfter(faults.json(400, { error: 'invalid_grant' })), 'CLIENT_ACTION_REQUIRED')
  server.fault = () => undefined
})
