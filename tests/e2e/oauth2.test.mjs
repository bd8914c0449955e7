// OAuth 2.0 with a real authorization server (npm oidc-provider): connect in a browser, use, refresh.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { connectInBrowser, install, oidcConnector, outcome, until } from './flows.mjs'
import { client, customerToken, startEnvironment } from './harness.mjs'
import { Browser, startIssuer } from './oidc.mjs'

let environment
let issuer
let hasty
before(async () => {
  environment = await startEnvironment()
  issuer = await startIssuer(`${environment.uri}/oauth-callback`)
  hasty = await startIssuer(`${environment.uri}/oauth-callback`, { lifetime: 2 })
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
  await install(environment, oidcConnector('hasty', hasty.uri), hasty)
})
after(async () => {
  await environment?.stop()
  await issuer?.stop()
  await hasty?.stop()
})

const connect = (customer, options) => connectInBrowser(environment, 'oidc', customer, options)

test('an account is connected in a browser, and used', async () => {
  const { page, message } = await connect('ada')
  assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
  assert.equal(message.connection.state, 'READY')
  assert.equal(page.status, 200)
  assert.match(page.text, /Connected/)
  assert.equal(issuer.requests.authorization_code, 1)
  const me = await client(environment, customerToken('ada')).connection('oidc').proxy.get('/me')
  assert.equal(me.sub, 'ada')
})

test('credentials are refreshed once, with the rotated token, again and again', async () => {
  const ada = client(environment, customerToken('ada'))
  const before = issuer.requests.refresh_token ?? 0
  for (const _ of [1, 2, 3]) await ada.post('/connections/oidc/refresh-credentials')
  assert.equal(issuer.requests.refresh_token, before + 3)
  assert.equal((await ada.connection('oidc').proxy.get('/me')).sub, 'ada')
})

test('the browser ends where the app wants it, with the connection', async () => {
  const { page } = await connect('bob', { redirectUri: `${environment.uri}/healthz?back=1` })
  assert.equal(page.url.pathname, '/healthz')
  assert.equal(page.url.searchParams.get('back'), '1')
  assert.match(page.url.searchParams.get('connectionId'), /^con_/)
})

test('a browser that begins at another name of the server finishes all the same', async () => {
  const { port } = new URL(environment.uri)
  const payload = JSON.stringify({ token: customerToken('frank') })
  const page = await new Browser().go(
    `http://localhost:${port}/connection-popup?integrationKey=oidc`,
    { method: 'POST', body: new URLSearchParams({ payload }) },
    { login: 'frank', password: 'any' },
  )
  assert.match(page.text, /Connected/)
  assert.equal(page.url.origin, environment.uri)
})

test('a reconnect keeps the id, and is for the owner only', async () => {
  const ada = client(environment, customerToken('ada'))
  const { items } = await ada.get('/connections?integrationKey=oidc')
  const { message } = await connect('ada', { query: `connectionId=${items[0].id}` })
  assert.equal(message.connection.id, items[0].id)
  const stranger = await connect('bob', { query: `connectionId=${items[0].id}` })
  assert.equal(stranger.message.errorData.key, 'not_found')
})

test('another browser cannot finish what one began, and a link works once', async () => {
  const browser = new Browser()
  const requestId = 'request-of-eve-0123456789'
  const payload = JSON.stringify({ token: customerToken('eve'), requestId })
  const away = await fetch(`${environment.uri}/connect?integrationKey=oidc`, {
    method: 'POST',
    body: new URLSearchParams({ payload }),
    redirect: 'manual',
  })
  assert.equal(away.status, 302)
  const location = new URL(away.headers.get('location'))
  assert.equal(location.searchParams.get('code_challenge_method'), 'S256')
  assert.ok(location.searchParams.get('nonce'))
  assert.match(away.headers.get('set-cookie'), /HttpOnly; SameSite=Lax/)
  // This browser never had the cookie.
  const page = await browser.go(location, {}, { login: 'eve', password: 'any' })
  assert.match(page.text, /another browser/)
  assert.equal((await outcome(environment, requestId)).type, 'newConnectionFailure')
  const again = await browser.go(page.url)
  assert.equal(again.status, 400)
  assert.match(again.text, /works only once/)
})

test('a stray callback is told so', async () => {
  for (const query of ['', 'state=unknown&code=1', 'error=access_denied']) {
    const response = await fetch(`${environment.uri}/oauth-callback?${query}`)
    assert.equal(response.status, 400)
    assert.match(await response.text(), /Not connected/)
  }
})

test('a provider that says no is quoted to whoever waits', async () => {
  const requestId = 'request-of-mallory-0123456789'
  const payload = JSON.stringify({ token: customerToken('mallory'), requestId, customState: 'mine' })
  const away = await fetch(`${environment.uri}/connect?integrationKey=oidc`, {
    method: 'POST',
    body: new URLSearchParams({ payload }),
    redirect: 'manual',
  })
  const state = new URL(away.headers.get('location')).searchParams.get('state')
  assert.match(state, /^[\w-]{43}:mine$/)
  const back = new URL(`${environment.uri}/oauth-callback`)
  back.search = new URLSearchParams({ state, error: 'access_denied', error_description: 'no thanks', iss: issuer.uri })
  const response = await fetch(back, { headers: { cookie: away.headers.get('set-cookie').split(';')[0] } })
  assert.match(await response.text(), /access was denied: no thanks/)
  assert.match((await outcome(environment, requestId)).error, /no thanks/)
})

test('credentials are refreshed before they expire, without anybody asking', { timeout: 60_000 }, async () => {
  await connect('carol', { query: 'integrationKey=hasty' })
  await until(() => hasty.requests.refresh_token >= 3)
  const carol = client(environment, customerToken('carol'))
  assert.equal((await carol.connection('hasty').proxy.get('/me')).sub, 'carol')
  const connection = await carol.get('/connections/hasty')
  assert.equal(connection.state, 'READY')
  assert.equal(connection.canRefreshCredentials, true)
  assert.equal(hasty.requests['refresh_token invalid_grant'], undefined)
})

test('archiving tells the provider', async () => {
  const before = issuer.revoked
  await client(environment, customerToken('ada')).delete('/connections/oidc')
  assert.ok(issuer.revoked > before)
})
