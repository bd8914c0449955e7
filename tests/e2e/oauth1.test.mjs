// OAuth 1.0a against a provider whose library is not ours: connect in a browser, sign every kind of request.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { after, before, beforeEach, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { connectInBrowser, mapping, outcome, parameter } from './flows.mjs'
import { adminToken, client, connect, customerToken, http, peakMemory, startEnvironment } from './harness.mjs'
import { consumer, issuedToken, plainConsumer, privateKey, startOAuth1Server } from './oauth1-server.mjs'
import { Browser } from './oidc.mjs'

const methods = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'RSA-SHA512', 'PLAINTEXT']
const placements = ['header', 'query', 'body']
const FORM = 'application/x-www-form-urlencoded'
const MiB = 1 << 20

let environment
let server
let chromium
before(async () => {
  environment = await startEnvironment()
  server = await startOAuth1Server()
  chromium = await startChromium()
  await install('oauth1', {})
})
after(async () => {
  await chromium?.stop()
  await environment?.stop()
  await server?.stop()
})
beforeEach(() => server.control({ forget: true, skew: 0, tolerance: 300, says: 'challenge', denial: 'problem' }))

const code = (text) => ({ type: 'javascript', code: text })

const endpoints = () => ({
  requestTokenUri: `${server.uri}/request-token`,
  authorizeUri: `${server.uri}/authorize`,
  tokenUri: `${server.uri}/access-token`,
})

/** A connector for the provider, with what its OAuth config has besides endpoints and consumer. */
async function install(key, config, members = {}, { key: consumerKey, secret: consumerSecret } = consumer) {
  const secrets = Object.fromEntries(['consumerKey', 'consumerSecret', 'privateKey'].map((name) => [name, parameter(name)]))
  const connector = {
    key,
    name: 'An app with OAuth 1.0a',
    type: 'oauth1',
    getOAuthConfig: mapping({ ...secrets, ...endpoints(), ...config }),
    makeApiClient: mapping({ baseUri: `${server.uri}/api` }),
    test: { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } },
    ...members,
  }
  const admin = client(environment, adminToken())
  await admin.post('/connectors', connector)
  const parameters = { consumerKey, consumerSecret, privateKey }
  await admin.integrations.create({ key, name: key, connectorKey: key, parameters })
}

/** Connects `customer` with a browser that has no window; the connection has to work. */
async function connected(integration, customer) {
  const { message, page } = await connectInBrowser(environment, integration, customer)
  assert.equal(message.type, 'newConnectionCreated', JSON.stringify(message))
  assert.equal(message.connection.state, 'READY')
  assert.match(page.text, /Connected/)
  return message.connection
}

/** One request through the proxy, which the provider has to accept; what it verified. */
async function verified({ id }, customer, method, path, options = {}) {
  const response = await proxied({ id }, customer, method, path, options)
  assert.equal(response.status, 200, response.text)
  return response.json
}

const proxied = ({ id }, customer, method, path, options = {}) =>
  http(environment, method, `/connections/${id}/proxy${path}`, { token: customerToken(customer), ...options })

const asked = async (path) => (await server.control()).log.filter((request) => request.path === path)

const form = (body) => ({ headers: { 'content-type': FORM }, body })
const json = (value) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) })

/** Queries that are hard to sign, and what the provider makes of them. */
const queries = [
  ['', []],
  ['?', []],
  ['?a=1&a=2&a=10&a=', [['a', '1'], ['a', '2'], ['a', '10'], ['a', '']]],
  ['?empty=&flag', [['empty', ''], ['flag', '']]],
  ['?b5=%3D%253D&c%40=&a2=r%20b&a3=2+q', [['b5', '=%3D'], ['c@', ''], ['a2', 'r b'], ['a3', '2 q']]],
  ['?lower=%c3%bc&upper=%E2%98%83&wide=%F0%9F%8E%89', [['lower', 'ü'], ['upper', '☃'], ['wide', '🎉']]],
  ["?marks=~-._!*'()&slash=a/b?c:d@e,f", [['marks', "~-._!*'()"], ['slash', 'a/b?c:d@e,f']]],
  ['?plus=%2B&amp=%26&semicolon=a;b', [['plus', '+'], ['amp', '&'], ['semicolon', 'a;b']]],
  ['?a=%21&A=1&a1=0&a%2D1=z', [['a', '!'], ['A', '1'], ['a1', '0'], ['a-1', 'z']]],
]

const sorted = (pairs) => pairs.map(([name, value]) => `${name}=${value}`).sort()

/** Whatever a request may look like, the provider verifies it, and sees what was sent. */
async function checkRequests(connection, customer, method, placement) {
  const check = async (verb, path, expected, options, where = placement) => {
    const echo = await verified(connection, customer, verb, path, options)
    const what = `${method} in the ${placement}: ${verb} ${path} ${options?.body ?? ''}`
    assert.equal(echo.placement, where, what)
    assert.equal(echo.signatureMethod, method, what)
    assert.deepEqual(sorted(echo.parameters), sorted(expected), what)
    return echo
  }
  // Only forms can hold the parameters in the body; other requests have the header field.
  const elsewhere = placement === 'body' ? 'header' : placement
  for (const [query, expected] of queries) await check('GET', `/things${query}`, expected, {}, elsewhere)
  for (const [query, expected] of queries) {
    await check('POST', '/things', expected, form(query.slice(1)))
    await check('PUT', `/things${query}`, [...expected, ['f', 'ö 1']], form('f=%C3%B6+1'))
  }
  await check('DELETE', '/things/1?a=1', [['a', '1']], {}, elsewhere)
  await check('GET', '/a%20path/with%2Fslash/~ü%C3%BC'.replace('ü', '%C3%BC'), [], {}, elsewhere)
  await check('POST', '/things', [], {})
  const echo = await check('PATCH', '/things?q=1', [['q', '1']], json({ name: 'Grüße' }), elsewhere)
  assert.deepEqual(JSON.parse(echo.body), { name: 'Grüße' })
}

for (const placement of placements) {
  for (const method of methods) {
    test(`${method} in the ${placement}: tokens, the test, and whatever is requested`, async () => {
      const key = `${method}-${placement}`.toLowerCase()
      const whose = method === 'PLAINTEXT' ? plainConsumer : consumer
      await install(key, { signatureMethod: method, parameterTransmission: placement }, {}, whose)
      const connection = await connected(key, 'ada')
      for (const path of ['/request-token', '/access-token', '/api/me']) {
        assert.deepEqual((await asked(path)).map(({ status }) => status), [200], path)
      }
      await checkRequests(connection, 'ada', method, placement)
    })
  }
}

test('in Chromium the user allows it, and what came back leads nowhere a second time', async () => {
  const visit = await newVisit(chromium.browser, environment.uri)
  const requestId = 'request-of-chromium-01'
  const callback = visit.context.waitForEvent('request', (request) => request.url().includes('oauth_verifier='))
  const page = await visit.context.newPage()
  await page.goto(link('oauth1', 'chris', requestId))
  await page.click('button:has-text("Allow")')
  await page.waitForSelector('h1:has-text("Connected")')
  const { connection } = await outcome(environment, requestId)
  assert.equal(connection.state, 'READY')
  assert.equal((await verified(connection, 'chris', 'GET', '/me?a=1')).placement, 'header')

  await page.goto((await callback).url())
  assert.match(await page.textContent('main'), /works only once/)
  assert.equal((await asked('/access-token')).length, 1)
  assert.equal((await client(environment, customerToken('chris')).get(`/connections/${connection.id}`)).state, 'READY')
  await visit.context.close()
  assert.deepEqual(visit.complaints, [])
})

/** A link that begins to connect. */
function link(integrationKey, customer, requestId) {
  const query = new URLSearchParams({ integrationKey, token: customerToken(customer), requestId })
  return `${environment.uri}/connect?${query}`
}

for (const denial of ['problem', 'denied']) {
  test(`consent that is denied is told: ${denial}`, async () => {
    await server.control({ denial })
    const visit = await newVisit(chromium.browser, environment.uri)
    const requestId = `request-that-is-${denial}`
    const page = await visit.context.newPage()
    await page.goto(link('oauth1', 'dora', requestId))
    await page.click('button:has-text("Deny")')
    await page.waitForSelector('h1:has-text("Not connected")')
    assert.match(await page.textContent('main'), /access was denied/)
    const message = await outcome(environment, requestId)
    assert.equal(message.type, 'newConnectionFailure')
    assert.match(message.error, /access was denied/)
    assert.deepEqual(await asked('/access-token'), [])
    await visit.context.close()
    assert.deepEqual(visit.complaints, [])
  })
}

test('a code that the provider shows is typed', async () => {
  await install('typed', { callback: 'oob' })
  const visit = await newVisit(chromium.browser, environment.uri)
  const page = await visit.context.newPage()
  const requestId = 'request-of-a-typist-1'
  await page.goto(link('typed', 'tom', requestId))
  const [shown] = await Promise.all([visit.context.waitForEvent('page'), page.click('a:has-text("Open the page")')])
  await shown.click('button:has-text("Allow")')
  const verifier = await shown.textContent('code')
  await page.getByLabel('Type the code here').fill(` ${verifier} `)
  await page.click('button:has-text("Connect")')
  await page.waitForSelector('h1:has-text("Connected")')
  const { connection } = await outcome(environment, requestId)
  assert.equal((await verified(connection, 'tom', 'GET', '/me')).placement, 'header')
  await visit.context.close()
  assert.deepEqual(visit.complaints, [])
})

test('a code that is typed wrongly is refused', async () => {
  const visit = await newVisit(chromium.browser, environment.uri)
  const page = await visit.context.newPage()
  const requestId = 'request-of-a-typist-2'
  await page.goto(link('typed', 'tina', requestId))
  await page.getByLabel('Type the code here').fill('wrongwrongwrongwrongwrong')
  await page.click('button:has-text("Connect")')
  await page.waitForSelector('h1:has-text("Not connected")')
  const message = await outcome(environment, requestId)
  assert.equal(message.type, 'newConnectionFailure')
  assert.deepEqual((await asked('/access-token')).map(({ status }) => status), [401])
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
  const before = (await asked('/access-token')).length
  const stolen = await browser.go(own)
  assert.match(stolen.text, /Not connected/)
  assert.equal((await asked('/access-token')).length, before)
})

/** A browser that has consented, at the door of the callback. */
async function begun(browser, customer, integrationKey = 'oauth1') {
  const payload = JSON.stringify({ token: customerToken(customer), requestId: `request-of-${customer}-0123456` })
  const start = `${environment.uri}/connection-popup?integrationKey=${integrationKey}`
  return browser.go(start, { method: 'POST', body: new URLSearchParams({ payload }) }, {}, '/oauth-callback')
}

test('the engine restarts while the user consents', async () => {
  const payload = JSON.stringify({ token: customerToken('rosa') })
  const away = await fetch(`${environment.uri}/connect?integrationKey=oauth1`, {
    method: 'POST',
    body: new URLSearchParams({ payload }),
    redirect: 'manual',
  })
  const { url } = await new Browser().go(away.headers.get('location'), {}, {}, '/oauth-callback')
  await environment.restart()
  // It listens elsewhere now, and cookies do not mind.
  const callback = `${environment.uri}/oauth-callback${url.search}`
  const cookie = away.headers.get('set-cookie').split(';')[0]
  const response = await fetch(callback, { headers: { cookie } })
  assert.match(await response.text(), /Connected/)
  const connection = await client(environment, customerToken('rosa')).get('/connections/oauth1')
  assert.equal((await verified(connection, 'rosa', 'GET', '/me')).placement, 'header')
})

test('two-legged requests are signed by the consumer alone', async () => {
  await install('two-legged', { flow: 'two-legged', realm: 'Photos' })
  const connection = await connect(environment, 'two-legged', {}, customerToken('leo'))
  assert.equal((await asked('/api/me')).length, 1)
  const echo = await verified(connection, 'leo', 'POST', '/things?a=%20', form('b=%2B&b='))
  assert.equal(echo.protocol.oauth_token, undefined)
  assert.equal(echo.realm, 'Photos')
  assert.deepEqual(await asked('/request-token'), [])
})

test('tokens that the provider\'s pages issued are typed, or stated by the connector', async () => {
  const properties = { oauth_token: { type: 'string' }, oauth_token_secret: { type: 'string', format: 'password' } }
  await install('token-input', { flow: 'token' }, {
    inputSchema: { type: 'object', properties, required: Object.keys(properties) },
  })
  const input = { oauth_token: issuedToken.token, oauth_token_secret: issuedToken.secret }
  const typed = await connect(environment, 'token-input', input, customerToken('tess'))
  assert.equal((await verified(typed, 'tess', 'GET', '/me?a=1')).protocol.oauth_token, issuedToken.token)
  const wrong = connect(environment, 'token-input', { ...input, oauth_token_secret: 'wrong' }, customerToken('tess'))
  await assert.rejects(wrong, /not connected: 4/)
  assert.equal((await server.control()).log.at(-1).problem, 'signature_invalid')

  await install('token-stated', { flow: 'token', ...{ token: issuedToken.token, tokenSecret: issuedToken.secret } })
  const stated = await connect(environment, 'token-stated', {}, customerToken('tess'))
  assert.equal((await verified(stated, 'tess', 'POST', '/me', form('x=1'))).protocol.oauth_token, issuedToken.token)
})

test('a config in JavaScript, and functions and operations whose requests are signed', async () => {
  await install('coded', {}, {
    getOAuthConfig: code(`
export default ({ connectorParameters: { consumerKey, consumerSecret } }) => ({
  consumerKey, consumerSecret, signatureMethod: 'HMAC-SHA256', realm: 'Photos', ...${JSON.stringify(endpoints())},
})`),
    test: code(`
export default async ({ apiClient }) => (await apiClient.get('/me', { a: ['1', '2'], 'ü': 'ö & ä' })).signatureMethod === 'HMAC-SHA256'`),
    getCredentialsFromAccessTokenResponse: code(`export default ({ tokenResponse }) => ({ user: tokenResponse.user_name })`),
    operations: {
      'by-code': {
        name: 'By code',
        run: code(`export default ({ externalApiClient, input }) => externalApiClient.post('/things', input)`),
      },
      'by-mapping': {
        name: 'By mapping',
        run: {
          type: 'rest-api-mapping',
          mapping: { path: '/things', method: 'GET', query: { q: { $var: 'input.q' }, empty: '' } },
        },
      },
    },
  })
  const connection = await connected('coded', 'cora')
  assert.equal((await asked('/api/me')).length, 1)
  const run = async (operation, input) => {
    const path = `/connections/${connection.id}/operations/${operation}/run`
    const options = { token: customerToken('cora'), ...json({ input }) }
    const response = await http(environment, 'POST', path, {
      ...options,
      headers: { ...options.headers },
    })
    assert.ok(response.status < 300, response.text)
    return response.json.output ?? response.json
  }
  const byCode = await run('by-code', { name: 'Grüße', n: 1 })
  assert.deepEqual(JSON.parse(byCode.body), { name: 'Grüße', n: 1 })
  assert.equal(byCode.realm, 'Photos')
  const byMapping = await run('by-mapping', { q: 'a b&c=ü+' })
  assert.deepEqual(sorted((byMapping.responseBody ?? byMapping.response?.data ?? byMapping).parameters), sorted([['q', 'a b&c=ü+'], ['empty', '']]))
  const { credentials } = await client(environment, adminToken()).connection(connection.id).get({ includeSecrets: true })
  assert.equal(credentials.user, 'ada')
})

for (const method of methods) {
  test(`bodies with a hash: ${method}`, async () => {
    const key = `hashed-${method.toLowerCase()}`
    const whose = method === 'PLAINTEXT' ? plainConsumer : consumer
    await install(key, { signatureMethod: method, bodyHash: true }, {}, whose)
    const connection = await connected(key, 'hugo')
    const isHashed = method !== 'PLAINTEXT'
    const echo = await verified(connection, 'hugo', 'POST', '/things?a=1', json({ name: 'Grüße' }))
    assert.equal(echo.hadBodyHash, isHashed)
    assert.equal((await verified(connection, 'hugo', 'GET', '/things')).hadBodyHash, isHashed)
    assert.equal((await verified(connection, 'hugo', 'POST', '/things', form('a=1'))).hadBodyHash, false)
  })
}

for (const says of ['challenge', 'body', 'words', 'nothing']) {
  test(`a clock that is ten minutes off is corrected by one more request: ${says}`, async () => {
    const clockless = await startOAuth1Server()
    try {
      await clockless.control({ skew: 600, says })
      const key = `skewed-${says}`
      await install(key, {
        requestTokenUri: `${clockless.uri}/request-token`,
        authorizeUri: `${clockless.uri}/authorize`,
        tokenUri: `${clockless.uri}/access-token`,
      }, { makeApiClient: mapping({ baseUri: `${clockless.uri}/api` }) })
      const connection = await connected(key, 'sam')
      const statuses = async () => (await clockless.control()).log.map(({ path, status }) => `${status} ${path}`)
      assert.deepEqual(await statuses(), [
        '401 /request-token', '200 /request-token', '200 /access-token', '200 /api/me',
      ])
      // The provider's clock is set right, and the proxy has to learn it anew.
      await clockless.control({ skew: 0, forget: true })
      await verified(connection, 'sam', 'POST', '/things?a=1', form('b=2'))
      await verified(connection, 'sam', 'GET', '/things')
      assert.deepEqual(await statuses(), ['401 /api/things', '200 /api/things', '200 /api/things'])
    } finally {
      await clockless.stop()
    }
  })
}

test('a large body that is no form is streamed, and verified', { timeout: 120_000 }, async () => {
  const connection = await connected('oauth1', 'lara')
  await upload(connection, MiB)
  const before = await peakMemory(environment)
  await upload(connection, 128 * MiB)
  const growth = (await peakMemory(environment)) - before
  assert.ok(growth < 24 * MiB, `the peak grew by ${(growth / MiB).toFixed(1)} MiB`)
})

async function upload(connection, length) {
  const block = Buffer.alloc(64 * 1024, 'signed')
  const digest = createHash('sha256')
  const blocks = function* () {
    for (let sent = 0; sent < length; sent += block.length) {
      digest.update(block)
      yield block
    }
  }
  const body = Readable.from(blocks())
  const headers = { 'content-type': 'application/octet-stream' }
  const echo = await verified(connection, 'lara', 'POST', '/upload?a=1', { headers, body })
  assert.equal(echo.length, length)
  assert.equal(echo.sha256, digest.digest('hex'))
}

test('a large form is refused and not sent unsigned', async () => {
  const connection = await client(environment, customerToken('lara')).get('/connections/oauth1')
  const body = `a=${'x'.repeat(64 * MiB)}`
  const response = await proxied(connection, 'lara', 'POST', '/upload', form(body))
  assert.equal(response.status, 413, response.text.slice(0, 500))
  assert.deepEqual(await asked('/api/upload'), [])
})
