// Delegated authentication (`proxy`): one account of a real authorization server (npm oidc-provider) for several
// connectors, and one of a real OAuth 1.0a server (PyPI oauthlib), whose requests are signed through a child.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { connectInBrowser, mapping, oidcConnector, outcome, until } from './flows.mjs'
import { adminToken, client, customerToken, http } from './harness.mjs'
import { startBench } from './oauth1-flows.mjs'
import { startIssuer } from './oidc.mjs'

let bench
let environment
let issuer
before(async () => {
  bench = await startBench()
  environment = bench.environment
  issuer = await startIssuer(`${environment.uri}/oauth-callback`, { lifetime: 2 })
  const admin = client(environment, adminToken())
  await admin.post('/connectors', oidcConnector('suite', issuer.uri))
  const { clientId, clientSecret } = issuer
  await admin.put('/auth-proxies/suite', { connectorKey: 'suite', parameters: { clientId, clientSecret } })
  await child('mail', 'suite')
  await child('files', 'suite', {
    makeApiClient: mapping({
      baseUri: issuer.uri,
      headers: { Authorization: { $concat: ['Bearer ', { $var: 'credentials.access_token' }] }, 'X-Api': 'files' },
    }),
    test: { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } },
  })
})
after(async () => {
  await issuer?.stop()
  await bench?.stop()
})

/** Installs a connector that delegates to `proxyKey`. */
async function child(key, proxyKey, members = {}) {
  const admin = client(environment, adminToken())
  await admin.post('/connectors', { key, name: key, type: 'proxy', proxyKey, ...members })
  await admin.integrations.create({ key, name: key, connectorKey: key })
}

test('consent is asked for the first connector only, and both are used', async () => {
  const first = await connectInBrowser(environment, 'mail', 'ada')
  assert.equal(first.message.type, 'newConnectionCreated', JSON.stringify(first.message))
  const codes = issuer.requests.authorization_code
  const second = await connectInBrowser(environment, 'files', 'ada')
  assert.match(second.page.text, /Connected/)
  assert.equal(issuer.requests.authorization_code, codes)
  const [mail, files] = [first, second].map(({ message }) => message.connection)
  assert.equal(mail.parentConnectionId, files.parentConnectionId)
  const ada = client(environment, customerToken('ada'))
  for (const { id } of [mail, files]) assert.equal((await ada.connection(id).proxy.get('/me')).sub, 'ada')
  const seen = (await ada.get('/connections')).items.map(({ id }) => id)
  assert.ok(seen.includes(mail.id) && seen.includes(files.id) && !seen.includes(mail.parentConnectionId))
})

test('200 requests at once through both on an expired token are one refresh', async () => {
  const { message } = await connectInBrowser(environment, 'mail', 'ben')
  await connectInBrowser(environment, 'files', 'ben')
  const expiry = Date.parse(message.connection.credentialsExpireAt)
  const ben = client(environment, customerToken('ben'))
  await until(() => Date.now() > expiry)
  const [before, started] = [issuer.requests.refresh_token ?? 0, Date.now()]
  const asked = Array.from({ length: 200 }, (_, index) => ben.connection(index % 2 ? 'mail' : 'files').proxy.get('/me'))
  const answers = await Promise.all(asked)
  assert.ok(answers.every(({ sub }) => sub === 'ben'))
  // A machine that needs longer than the token lives sees it expire again.
  const lives = Math.ceil((Date.now() - started) / 2000)
  const refreshes = issuer.requests.refresh_token - before
  assert.ok(refreshes >= 1 && refreshes <= lives, `${refreshes} refreshes in ${lives} lives`)
})

test('in Chromium a child is connected at the account provider', async () => {
  const chromium = await startChromium()
  const visit = await newVisit(chromium.browser, environment.uri)
  const requestId = 'request-of-a-child-01'
  const page = await visit.context.newPage()
  const query = new URLSearchParams({ integrationKey: 'files', token: customerToken('cleo'), requestId })
  await page.goto(`${environment.uri}/connect?${query}`)
  await page.fill('input[name="login"]', 'cleo')
  await page.fill('input[name="password"]', 'any')
  await page.click('button[type="submit"]')
  await page.click('button[type="submit"]')
  await page.waitForSelector('h1:has-text("Connected")')
  const { connection } = await outcome(environment, requestId)
  assert.equal(connection.state, 'READY')
  await chromium.stop()
})

test('nobody reads the credentials, and the account is not there to be seen', async () => {
  const { message } = await connectInBrowser(environment, 'mail', 'dora')
  const { id, parentConnectionId } = message.connection
  const admin = client(environment, adminToken())
  const seen = await admin.get(`/connections/${id}?includeSecrets=true`)
  assert.equal(seen.credentials, undefined)
  const secrets = `/connections/${parentConnectionId}?includeSecrets=true`
  assert.equal((await http(environment, 'GET', secrets, { token: adminToken() })).status, 403)
  const account = `/connections/${parentConnectionId}`
  assert.equal((await http(environment, 'GET', account, { token: customerToken('dora') })).status, 404)
  const { items } = await admin.get('/integrations')
  assert.ok(items.every(({ key }) => key !== 'suite'))
})

test('requests of a child of an OAuth 1.0a account are signed', async () => {
  await bench.install('photos-account')
  await child('albums', 'photos-account')
  const connection = await bench.connected('albums', 'eve')
  const verified = await bench.verified(connection, 'eve', 'GET', '/me?a=1')
  assert.equal(verified.placement, 'header')
})
