// What the specifications ask beyond the flow itself, as npm oidc-provider sees it: resource indicators, `iss`, PKCE,
// rotation with reuse detection, revocation, assertions.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'

import { decodeJwt, jwtVerify } from 'jose'

import { connectInBrowser, install, oauth2Connector, oidcConnector, outcome } from './flows.mjs'
import { adminToken, client, customerToken, http, startEnvironment } from './harness.mjs'
import { Browser, startIssuer } from './oidc.mjs'

const resource = 'https://api.example.com/'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let environment
let issuer
let strict
before(async () => {
  environment = await startEnvironment()
  const redirectUri = `${environment.uri}/oauth-callback`
  issuer = await startIssuer(redirectUri, {
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, asked) => ({ scope: 'read', audience: asked, accessTokenFormat: 'jwt' }),
      },
    },
    grants: { [jwtBearer]: { parameters: ['assertion'], handler: assertionGrant } },
  })
  strict = await startIssuer(redirectUri, {
    features: { pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true } },
  })
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
})
after(async () => {
  await environment?.stop()
  await issuer?.stop()
  await strict?.stop()
})

/** RFC 7523 section 2.1, checked with npm jose. */
const assertionGrant = (provider) => async (ctx) => {
  const { client, params } = ctx.oidc
  const expected = { audience: `${provider.issuer}/token`, issuer: client.clientId, subject: 'ada' }
  await jwtVerify(params.assertion, keys.publicKey, { ...expected, maxTokenAge: '5 minutes', requiredClaims: ['exp', 'jti'] })
  const token = new provider.ClientCredentials({ client, scope: '' })
  ctx.body = { access_token: await token.save(), expires_in: 60, token_type: 'Bearer' }
}

const user = (id) => client(environment, customerToken(id))
const connect = (integration, customer, options) => connectInBrowser(environment, integration, customer, options)
const untested = { test: { type: 'mapping', mapping: {} } }

async function secrets(id) {
  return (await client(environment, adminToken()).connection(id).get({ includeSecrets: true })).credentials
}

/** Connects, and stops at the door of the callback. */
async function atTheDoor(customer) {
  const browser = new Browser()
  const requestId = `door-${customer}-${Math.random().toString(36).slice(2)}`
  const payload = JSON.stringify({ token: customerToken(customer), requestId })
  const { url } = await browser.go(
    `${environment.uri}/connect?integrationKey=oidc`,
    { method: 'POST', body: new URLSearchParams({ payload }) },
    { login: customer, password: 'any' },
    '/oauth-callback',
  )
  return { browser, requestId, url }
}

const tokenRequests = () => Object.values(issuer.requests).reduce((sum, count) => sum + count, 0)

test('a resource indicator decides for whom the token is, also after a refresh', async () => {
  const scopes = ['openid', 'offline_access', 'read']
  const connector = { ...oidcConnector('resource', issuer.uri, { resource, scopes }), ...untested }
  await install(environment, connector, issuer)
  const { message } = await connect('resource', 'ada')
  assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
  const { id } = message.connection
  const first = (await secrets(id)).access_token
  assert.equal(decodeJwt(first).aud, resource)
  assert.equal(decodeJwt(first).iss, issuer.uri)
  await user('ada').post(`/connections/${id}/refresh-credentials`)
  const second = (await secrets(id)).access_token
  assert.notEqual(second, first)
  assert.equal(decodeJwt(second).aud, resource)
})

test('an answer of another issuer is refused, and its code goes nowhere', async () => {
  for (const iss of ['https://evil.example.com', '', undefined]) {
    const { browser, requestId, url } = await atTheDoor('bob')
    const before = tokenRequests()
    if (iss === undefined) url.searchParams.delete('iss')
    else url.searchParams.set('iss', iss)
    const page = await browser.go(url)
    assert.match(page.text, /Not connected/)
    const message = await outcome(environment, requestId)
    assert.match(message.error, /iss|issuer/)
    assert.equal(tokenRequests(), before)
  }
  await assert.rejects(user('bob').get('/connections/oidc'))
})

test('a code that was injected from another attempt fails at PKCE', async () => {
  const victim = await atTheDoor('carol')
  const attacker = await atTheDoor('mallory')
  victim.url.searchParams.set('code', attacker.url.searchParams.get('code'))
  const page = await victim.browser.go(victim.url)
  assert.match(page.text, /Not connected/)
  assert.match((await outcome(environment, victim.requestId)).error, /invalid_grant|grant request is invalid/)
  await assert.rejects(user('carol').get('/connections/oidc'))
})

test('without PKCE this issuer says no, and is quoted', async () => {
  await install(environment, oidcConnector('careless', issuer.uri, { skipPkce: true }), issuer)
  const { message } = await connect('careless', 'dave')
  assert.equal(message.type, 'newConnectionFailure')
  assert.match(message.error, /PKCE/)
})

test('64 requests on an expired token are one token request, where a second would end everything', async () => {
  const { message } = await connect('oidc', 'erin')
  const { id } = message.connection
  const credentials = { ...(await secrets(id)), expires_at: '2020-01-01T00:00:00Z' }
  await client(environment, adminToken()).connection(id).patch({ credentials })
  const before = issuer.requests.refresh_token ?? 0
  const token = customerToken('erin')
  const used = () => http(environment, 'GET', `/connections/${id}/proxy/me`, { token })
  const answers = await Promise.all(Array.from({ length: 64 }, used))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  assert.equal(issuer.requests.refresh_token, before + 1)

  const forced = Array.from({ length: 8 }, () => user('erin').post(`/connections/${id}/refresh-credentials`))
  await Promise.all([...forced, ...Array.from({ length: 64 }, used)])
  assert.equal(issuer.requests['refresh_token invalid_grant'], undefined)
  assert.equal((await used()).status, 200)
})

/** A refresh with `refreshToken` that does not come from the engine. */
async function refreshElsewhere(refreshToken) {
  const credentials = [issuer.clientId, issuer.clientSecret].map(encodeURIComponent).join(':')
  const response = await fetch(`${issuer.uri}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  })
  return (await response.json()).error
}

test('a refresh token that somebody stole and used ends the grant, and the user is asked to come back', async () => {
  const { message } = await connect('oidc', 'frank')
  const { id } = message.connection
  const stolen = (await secrets(id)).refresh_token
  await user('frank').post(`/connections/${id}/refresh-credentials`)
  assert.equal(await refreshElsewhere(stolen), 'invalid_grant')
  await assert.rejects(user('frank').post(`/connections/${id}/refresh-credentials`))
  const connection = await user('frank').get(`/connections/${id}`)
  assert.equal(connection.state, 'CLIENT_ACTION_REQUIRED')
  const { message: again } = await connect('oidc', 'frank', { query: `connectionId=${id}` })
  assert.equal(again.connection.state, 'READY')
})

test('what is archived is revoked: its refresh token is of no use to anybody', async () => {
  const { message } = await connect('oidc', 'grace')
  const { refresh_token: refreshToken } = await secrets(message.connection.id)
  await user('grace').delete('/connections/oidc')
  assert.equal(await refreshElsewhere(refreshToken), 'invalid_grant')
})

test('metadata of another issuer than was asked are not believed', async () => {
  const wrong = issuer.uri.replace('127.0.0.1', 'localhost')
  await install(environment, oidcConnector('mistaken', wrong), issuer)
  const { message } = await connect('mistaken', 'heidi')
  assert.equal(message.type, 'newConnectionFailure')
  assert.match(message.error, /metadata of the issuer/)
})

test('an assertion is accepted where another library checks it (RFC 7523)', async () => {
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
  const assertion = { key, algorithm: 'ES256', subject: 'ada' }
  const config = { issuer: issuer.uri, grantType: 'jwt-bearer', assertion }
  await install(environment, oauth2Connector('assertion', issuer.uri, config, untested), issuer)
  const connection = await user('ivan').post('/connections', { integrationKey: 'assertion' })
  assert.equal(connection.state, 'READY')
  await user('ivan').post('/connections/assertion/refresh-credentials')
  assert.equal(issuer.requests[jwtBearer], 2)
})

test('client credentials are asked for again when they expire', async () => {
  const config = { issuer: issuer.uri, grantType: 'client_credentials' }
  await install(environment, oauth2Connector('machine', issuer.uri, config, untested), issuer)
  const connection = await user('judy').post('/connections', { integrationKey: 'machine' })
  assert.equal(connection.canRefreshCredentials, true)
  await user('judy').post('/connections/machine/refresh-credentials')
  assert.equal(issuer.requests.client_credentials, 2)
})

test('what is not there yet is named', async () => {
  const cases = [
    ['signed', { clientAuth: 'private_key_jwt' }, /`clientAuth: private_key_jwt`.*not supported yet/],
    ['pushed', { par: true }, /`par`.*not supported yet/],
  ]
  for (const [key, config, expected] of cases) {
    await install(environment, oidcConnector(key, issuer.uri, config), issuer)
    const { message } = await connect(key, 'karl')
    assert.equal(message.type, 'newConnectionFailure')
    assert.match(message.error, expected)
    assert.equal(message.errorData.type, 'configuration')
  }
})

test('pushed authorization requests are not needed where they are offered, and named where they are required', async () => {
  const { pushed_authorization_request_endpoint: offered } = await (
    await fetch(`${issuer.uri}/.well-known/openid-configuration`)
  ).json()
  assert.ok(offered)
  await install(environment, oidcConnector('strict', strict.uri), strict)
  const { message } = await connect('strict', 'lena')
  assert.equal(message.type, 'newConnectionFailure')
  assert.match(message.error, /Pushed Authorization Request/)
})
