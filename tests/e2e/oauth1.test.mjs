// OAuth 1.0a against a provider whose library is not ours: every way to connect.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { outcome } from './flows.mjs'
import { adminToken, client, connect, customerToken } from './harness.mjs'
import { code, endpoints, form, json, sorted, startBench } from './oauth1-flows.mjs'
import { issuedToken, startOAuth1Server } from './oauth1-server.mjs'
import { Browser } from './oidc.mjs'

let chromium
let bench
before(async () => {
  bench = await startBench()
  chromium = await startChromium()
  await bench.install('oauth1')
})
after(async () => {
  await chromium?.stop()
  await bench?.stop()
})
beforeEach(() => bench.reset())

test('in Chromium the user allows it, and what came back leads nowhere a second time', async () => {
  const visit = await newVisit(chromium.browser, bench.environment.uri)
  const requestId = 'request-of-chromium-01'
  const callback = visit.context.waitForEvent('request', (request) => request.url().includes('oauth_verifier='))
  const page = await visit.context.newPage()
  await page.goto(link('oauth1', 'chris', requestId))
  await page.click('button:has-text("Allow")')
  await page.waitForSelector('h1:has-text("Connected")')
  const { connection } = await outcome(bench.environment, requestId)
  assert.equal(connection.state, 'READY')
  assert.equal((await bench.verified(connection, 'chris', 'GET', '/me?a=1')).placement, 'header')

  await page.goto((await callback).url())
  assert.match(await page.textContent('main'), /works only once/)
  assert.equal((await bench.asked('/access-token')).length, 1)
  assert.equal((await client(bench.environment, customerToken('chris')).get(`/connections/${connection.id}`)).state, 'READY')
  await visit.context.close()
  assert.deepEqual(visit.complaints, [])
})

/** A link that begins to connect. */
function link(integrationKey, customer, requestId) {
  const query = new URLSearchParams({ integrationKey, token: customerToken(customer), requestId })
  return `${bench.environment.uri}/connect?${query}`
}

for (const denial of ['problem', 'denied']) {
  test(`consent that is denied is told: ${denial}`, async () => {
    await bench.server.control({ denial })
    const visit = await newVisit(chromium.browser, bench.environment.uri)
    const requestId = `request-that-is-${denial}`
    const page = await visit.context.newPage()
    await page.goto(link('oauth1', 'dora', requestId))
    await page.click('button:has-text("Deny")')
    await page.waitForSelector('h1:has-text("Not connected")')
    assert.match(await page.textContent('main'), /access was denied/)
    const message = await outcome(bench.environment, requestId)
    assert.equal(message.type, 'newConnectionFailure')
    assert.match(message.error, /access was denied/)
    assert.deepEqual(await bench.asked('/access-token'), [])
    await visit.context.close()
    assert.deepEqual(visit.complaints, [])
  })
}

test('a code that the provider shows is typed', async () => {
  await bench.install('typed', { callback: 'oob' })
  const visit = await newVisit(chromium.browser, bench.environment.uri)
  const page = await visit.context.newPage()
  const requestId = 'request-of-a-typist-1'
  await page.goto(link('typed', 'tom', requestId))
  const [shown] = await Promise.all([visit.context.waitForEvent('page'), page.click('a:has-text("Open the page")')])
  await shown.click('button:has-text("Allow")')
  const verifier = await shown.textContent('code')
  await page.getByLabel('Type the code here').fill(` ${verifier} `)
  await page.click('button:has-text("Connect")')
  await page.waitForSelector('h1:has-text("Connected")')
  const { connection } = await outcome(bench.environment, requestId)
  assert.equal((await bench.verified(connection, 'tom', 'GET', '/me')).placement, 'header')
  await visit.context.close()
  assert.deepEqual(visit.complaints, [])
})

test('a code that is typed wrongly is refused', async () => {
  const visit = await newVisit(chromium.browser, bench.environment.uri)
  const page = await visit.context.newPage()
  const requestId = 'request-of-a-typist-2'
  await page.goto(link('typed', 'tina', requestId))
  await page.getByLabel('Type the code here').fill('wrongwrongwrongwrongwrong')
  await page.click('button:has-text("Connect")')
  await page.waitForSelector('h1:has-text("Not connected")')
  const message = await outcome(bench.environment, requestId)
  assert.equal(message.type, 'newConnectionFailure')
  assert.deepEqual((await bench.asked('/access-token')).map(({ status }) => status), [401])
  await visit.context.close()
})

test('a callback that is played again, or made up, fails cleanly', async () => {
  const browser = new Browser()
  const { url } = await begun(browser, 'rita')
  assert.match((await browser.go(url)).text, /Connected/)
  const again = await browser.go(url)
  assert.equal(again.status, 400)
  assert.match(again.text, /works only once/)
  // The token of another attempt does not belong to this one.
  const { url: own } = await begun(browser, 'rita')
  own.searchParams.set('oauth_token', 'somebodyelses0123456789ab')
  const before = (await bench.asked('/access-token')).length
  const stolen = await browser.go(own)
  assert.match(stolen.text, /Not connected/)
  assert.equal((await bench.asked('/access-token')).length, before)
})

/** A browser that has consented, at the door of the callback. */
async function begun(browser, customer, integrationKey = 'oauth1') {
  const payload = JSON.stringify({ token: customerToken(customer), requestId: `request-of-${customer}-0123456` })
  const start = `${bench.environment.uri}/connection-popup?integrationKey=${integrationKey}`
  return browser.go(start, { method: 'POST', body: new URLSearchParams({ payload }) }, {}, '/oauth-callback')
}

test('the engine restarts while the user consents', async () => {
  const payload = JSON.stringify({ token: customerToken('rosa') })
  const away = await fetch(`${bench.environment.uri}/connect?integrationKey=oauth1`, {
    method: 'POST',
    body: new URLSearchParams({ payload }),
    redirect: 'manual',
  })
  const { url } = await new Browser().go(away.headers.get('location'), {}, {}, '/oauth-callback')
  await bench.environment.restart()
  // It listens elsewhere now, and cookies do not mind.
  const callback = `${bench.environment.uri}/oauth-callback${url.search}`
  const cookie = away.headers.get('set-cookie').split(';')[0]
  const response = await fetch(callback, { headers: { cookie } })
  assert.match(await response.text(), /Connected/)
  const connection = await client(bench.environment, customerToken('rosa')).get('/connections/oauth1')
  assert.equal((await bench.verified(connection, 'rosa', 'GET', '/me')).placement, 'header')
})

test('two-legged requests are signed by the consumer alone', async () => {
  await bench.install('two-legged', { flow: 'two-legged', realm: 'Photos' })
  const connection = await connect(bench.environment, 'two-legged', {}, customerToken('leo'))
  assert.equal((await bench.asked('/api/me')).length, 1)
  const echo = await bench.verified(connection, 'leo', 'POST', '/things?a=%20', form('b=%2B&b='))
  assert.equal(echo.protocol.oauth_token, undefined)
  assert.equal(echo.realm, 'Photos')
  assert.deepEqual(await bench.asked('/request-token'), [])
})

test('tokens that the provider\'s pages issued are typed, or stated by the connector', async () => {
  const properties = { oauth_token: { type: 'string' }, oauth_token_secret: { type: 'string', format: 'password' } }
  const inputSchema = { type: 'object', properties, required: Object.keys(properties) }
  await bench.install('token-input', { flow: 'token' }, { members: { inputSchema } })
  const input = { oauth_token: issuedToken.token, oauth_token_secret: issuedToken.secret }
  const typed = await connect(bench.environment, 'token-input', input, customerToken('tess'))
  assert.equal((await bench.verified(typed, 'tess', 'GET', '/me?a=1')).protocol.oauth_token, issuedToken.token)
  const wrong = connect(bench.environment, 'token-input', { ...input, oauth_token_secret: 'wrong' }, customerToken('tess'))
  await assert.rejects(wrong, /not connected: 4/)
  assert.equal((await bench.server.control()).log.at(-1).problem, 'signature_invalid')

  await bench.install('token-stated', { flow: 'token', token: issuedToken.token, tokenSecret: issuedToken.secret })
  const stated = await connect(bench.environment, 'token-stated', {}, customerToken('tess'))
  assert.equal((await bench.verified(stated, 'tess', 'POST', '/me', form('x=1'))).protocol.oauth_token, issuedToken.token)
})

test('token requests with all that a config may add are signed', async () => {
  const added = {
    scopes: ['read', 'write it'],
    requestTokenExtra: { 'x ü': 'a&b', xoauth_displayname: 'Brücke' },
    accessTokenExtra: { z: '1+1' },
    tokenHeaders: { 'X-Own': 'yes' },
  }
  const byGet = { requestTokenMethod: 'GET', accessTokenMethod: 'GET', realm: 'Photos', skipVersion: true }
  await bench.install('extras', { ...added, ...byGet })
  const connection = await bench.connected('extras', 'emma')
  const echo = await bench.verified(connection, 'emma', 'GET', '/me')
  assert.equal(echo.realm, 'Photos')
  assert.equal(echo.protocol.oauth_version, undefined)
  await bench.install('extras-in-body', { ...added, parameterTransmission: 'body' })
  await bench.connected('extras-in-body', 'emma')
})

test('a config in JavaScript, and functions and operations whose requests are signed', async () => {
  const members = {
    getOAuthConfig: code(`
export default ({ connectorParameters: { consumerKey, consumerSecret } }) => ({
  consumerKey, consumerSecret, signatureMethod: 'HMAC-SHA256', realm: 'Photos', ...${JSON.stringify(endpoints(bench.server))},
})`),
    test: code(`
export default async ({ apiClient }) => {
  const seen = await apiClient.get('/me', { a: '1', 'ü': 'ö & ä' })
  return seen.signatureMethod === 'HMAC-SHA256' && seen.parameters.length === 2
}`),
    operations: {
      'by-code': {
        name: 'By code',
        run: code(`export default ({ externalApiClient, input }) => externalApiClient.post('/things', input)`),
      },
      'by-mapping': {
        name: 'By mapping',
        run: {
          type: 'rest-api-mapping',
          path: '/things',
          method: 'GET',
          requestMapping: { query: { q: { $var: 'input.q' }, empty: '' } },
          responseMapping: { $var: 'response.data' },
        },
      },
    },
  }
  await bench.install('coded', {}, { members })
  const { id } = await bench.connected('coded', 'cora')
  assert.equal((await bench.asked('/api/me')).length, 1)
  const connection = client(bench.environment, customerToken('cora')).connection(id)
  const run = async (key, input) => (await connection.operation(key).run({ input })).output

  const byCode = await run('by-code', { name: 'Grüße', n: 1 })
  assert.deepEqual(JSON.parse(byCode.body), { name: 'Grüße', n: 1 })
  assert.equal(byCode.realm, 'Photos')
  const byMapping = await run('by-mapping', { q: 'a b&c=ü+' })
  assert.deepEqual(sorted(byMapping.parameters), sorted([['q', 'a b&c=ü+'], ['empty', '']]))
  const admin = client(bench.environment, adminToken())
  const { credentials } = await admin.connection(id).get({ includeSecrets: true })
  assert.equal(credentials.user_name, 'ada', 'whatever the provider says about the account is kept')
})

for (const says of ['challenge', 'body', 'words', 'nothing']) {
  test(`a clock that is ten minutes off is corrected by one more request of all: ${says}`, async () => {
    const provider = await startOAuth1Server()
    try {
      await provider.control({ skew: 600, says })
      const key = `skewed-${says}`
      await bench.install(key, {}, { provider })
      const connection = await bench.connected(key, 'sam')
      const statuses = statusesOf(provider)
      assert.deepEqual(await statuses('/request-token'), [401, 200])
      for (const path of ['/access-token', '/api/me']) {
        assert.deepEqual(await statuses(path), [200], `${path}: what the request token taught, everybody knows`)
      }
      await bench.verified(connection, 'sam', 'GET', '/things')
      assert.deepEqual(await statuses('/api/things'), [200], 'what the test learnt, the proxy knows')
    } finally {
      await provider.stop()
    }
  })

  test(`a clock that goes wrong while the connection is used is corrected by one more request: ${says}`, async () => {
    const provider = await startOAuth1Server()
    try {
      const key = `wrong-${says}`
      await bench.install(key, {}, { provider })
      const connection = await bench.connected(key, 'sara')
      await provider.control({ skew: -600, says })
      await bench.verified(connection, 'sara', 'POST', '/things?a=1', form('b=2'))
      await bench.verified(connection, 'sara', 'POST', '/things', json({}))
      assert.deepEqual(await statusesOf(provider)('/api/things'), [401, 200, 200])
    } finally {
      await provider.stop()
    }
  })
}

for (const [says, statuses] of [['body', [401, 200]], ['words', [401, 200]], ['nothing', [401]]]) {
  test(`of a refusal on the proxy the body is read as well: ${says}`, async () => {
    const provider = await startOAuth1Server()
    try {
      const key = `explained-${says}`
      await bench.install(key, {}, { provider })
      const connection = await bench.connected(key, 'sue')
      // Too little for a date to be suspicious.
      await provider.control({ skew: -30, tolerance: 10, says })
      const response = await bench.proxied(connection, 'sue', 'GET', '/things')
      assert.equal(response.status, statuses.at(-1))
      assert.deepEqual(await statusesOf(provider)('/api/things'), statuses)
    } finally {
      await provider.stop()
    }
  })
}

/** The statuses of what `provider` answered at a path. */
const statusesOf = (provider) => async (path) => {
  const { log } = await provider.control()
  return log.filter((request) => request.path === path).map(({ status }) => status)
}
