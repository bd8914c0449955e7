// The life of a visit of the connect pages: windows, networks that go away, restarts, cookies, languages, and what is left
// in logs.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { mapping, oauth2Connector } from './flows.mjs'
import { adminToken, client, customerToken, freePort, http, startEnvironment } from './harness.mjs'
import { looked } from './pages.mjs'

let environment
let chromium
let visit
let dead
before(async () => {
  environment = await startEnvironment()
  chromium = await startChromium()
  dead = `http://127.0.0.1:${await freePort()}`
  await set(environment)
})
after(async () => {
  await chromium?.stop()
  await environment?.stop()
})
beforeEach(async () => (visit = await newVisit(chromium.browser, environment.uri)))
afterEach(async () => {
  await visit.context.close()
  assert.deepEqual(visit.complaints, [], 'the pages run without a word on the console')
})

async function set({ uri }) {
  const admin = client({ uri }, adminToken())
  const form = {
    type: 'object',
    required: ['apiKey'],
    properties: { apiKey: { type: 'string', title: 'API key', minLength: 4, pattern: '^[a-z]+$' }, size: { type: 'integer', title: 'Size', maximum: 10 } },
  }
  const code = `export default async ({ credentials }) => { if (credentials.apiKey === 'wrong') throw new Error('the key is not known'); return true }`
  for (const [key, test] of Object.entries({ keyed: { type: 'javascript', code }, away: { type: 'rest-api-mapping', mapping: { path: '/me', method: 'GET' } } })) {
    const baseUri = key === 'away' ? dead : environment.provider.uri
    await admin.post('/connectors', { key, name: key, type: 'client-credentials', inputSchema: form, makeApiClient: mapping({ baseUri }), test })
    await admin.integrations.create({ key, name: `The ${key} app`, connectorKey: key })
  }
  await admin.post('/connectors', oauth2Connector('denying', environment.provider.uri, { authorizeUri: `${environment.provider.uri}/authorize`, tokenUri: `${environment.provider.uri}/token`, scopes: { $var: 'connectorParameters.scopes' } }))
  await admin.integrations.create({ key: 'denying', name: 'The denying app', connectorKey: 'denying', parameters: { clientId: 'c', clientSecret: 's', scopes: ['read', 'write'] } })
}

const address = (integration, customer, query = {}) =>
  `${environment.uri}/embed/integrations/${integration}/connect?${new URLSearchParams({ token: customerToken(customer), ...query })}`

async function open(integration, customer, query) {
  const page = await visit.context.newPage()
  await page.goto(address(integration, customer, query))
  return page
}

const submit = (page) => page.click('.actions button:first-child')

test('without the network what was typed is kept, and it works again with it', async () => {
  const page = await open('keyed', 'ann')
  await page.getByLabel('API key').fill('secret')
  await visit.context.setOffline(true)
  await submit(page)
  await page.waitForSelector('[data-status]:has-text("The network cannot be reached")')
  assert.equal(await page.getByLabel('API key').inputValue(), 'secret')
  visit.complaints.length = 0
  await looked(page, 'offline')
  await visit.context.setOffline(false)
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
})

test('while the connection is tested, the page says so and takes no second click', async () => {
  const page = await open('keyed', 'ben')
  await page.getByLabel('API key').fill('secret')
  let posts = 0
  page.on('request', (request) => (posts += request.method() === 'POST' ? 1 : 0))
  let goOn
  const held = new Promise((resolve) => (goOn = resolve))
  // The page asks whether the network is there before it submits.
  await page.route('**/progress', async (route) => {
    await held
    await route.continue()
  })
  await submit(page)
  await page.waitForSelector('[data-status]:has-text("Testing the connection…")')
  assert.equal(await page.getAttribute('[data-status]', 'role'), 'status')
  await page.locator('.actions button').first().click({ force: true })
  await looked(page, 'busy')
  goOn()
  await page.waitForSelector('h1:has-text("Connected")')
  assert.equal(posts, 1)
})

test('a restart ends visits; the page says so, and whoever opened it is told', async () => {
  const opener = await visit.context.newPage()
  await opener.goto(`${environment.uri}/embed/flow-runs/x/editor`)
  await opener.evaluate(() => addEventListener('message', ({ data }) => (window.told = data)))
  const [page] = await Promise.all([opener.waitForEvent('popup'), opener.evaluate((uri) => void window.open(uri), address('keyed', 'cleo'))])
  await page.getByLabel('API key').fill('secret')
  await environment.restart(new URL(environment.uri).port)
  await submit(page)
  await page.waitForSelector('h1:has-text("This page has ended")')
  await looked(page, 'ended')
  assert.equal((await opener.waitForFunction(() => window.told).then((told) => told.jsonValue())).type, 'newConnectionFailure')
})

test('a browser that keeps no cookies is told', async () => {
  const page = await open('keyed', 'dora')
  await visit.context.clearCookies()
  assert.equal((await page.reload()).status(), 410)
  await page.waitForSelector('h1:has-text("This page needs a cookie")')
  await looked(page, 'cookie-blocked')
})

test('over HTTPS the cookie is for frames of other sites, kept apart for each; without, for this machine alone', async () => {
  const port = await freePort()
  const secure = await startEnvironment({ AUTHBRIDGE_PUBLIC_URL: `https://bridge.test:${port}/base` })
  try {
    await set(secure)
    const path = `/embed/integrations/keyed/connect?token=${customerToken('eve')}&moved=1`
    const { status, headers } = await http(secure, 'GET', path)
    assert.equal(status, 303)
    assert.match(headers['set-cookie'], /^authbridge_visit_[^=]+=[\w-]{43}; Path=\/base\/embed; Max-Age=\d+; HttpOnly; SameSite=None; Secure; Partitioned$/)
  } finally {
    await secure.stop()
  }
})

test('neither token nor visit is in the log, the history or a referrer', async () => {
  const token = customerToken('fay')
  const page = await visit.context.newPage()
  const referrers = []
  page.on('request', (request) => referrers.push(request.headers().referer))
  await page.goto(`${environment.uri}/embed/integrations/keyed/connect?token=${token}`)
  await page.goto(`${environment.uri}/embed/main?token=${token}`)
  const output = environment.authbridge.output()
  assert.ok(!output.includes(token.split('.')[1]))
  assert.ok(!output.includes(page.url().split('/').at(-1)))
  for (const referrer of referrers) assert.doesNotMatch(referrer ?? '', /eyJ|token/)
})

const languages = {
  'de-DE': [/API key ist erforderlich/, /Größe|Size darf höchstens 10 sein/, /hat abgelehnt: „.*the key is not known/, /ist nicht erreichbar/, /Verbunden/, /Weiter zu/],
  'fr-FR': [/API key est obligatoire/, /Size doit être au plus 10/, /a refusé : « .*the key is not known/, /est injoignable/, /Connecté/, /Continuer vers/],
  'es-ES': [/API key es obligatorio/, /Size debe ser como máximo 10/, /lo ha rechazado: «.*the key is not known/, /No se puede contactar/, /Conectado/, /Continuar a/],
  'ja-JP': [/API keyは必須です/, /Sizeは10以下/, /拒否されました:「.*the key is not known/, /に接続できません/, /接続しました/, /に進む/],
}
for (const [locale, [required, limit, refused, unreachable, connected, forward]] of Object.entries(languages)) {
  test(`all of a page speaks one language: ${locale}`, async () => {
    const context = await chromium.browser.newContext({ locale })
    context.setDefaultTimeout(20_000)
    const page = await context.newPage()
    const language = async () => assert.equal(await page.getAttribute('html', 'lang'), locale.slice(0, 2))
    await page.goto(address('keyed', `gil-${locale}`))
    await page.getByLabel(/^Size/).fill('11')
    await submit(page)
    await page.waitForSelector('.summary')
    assert.match(await page.textContent('.summary'), required)
    assert.match(await page.textContent('.summary'), limit)
    if (locale === 'ja-JP') await looked(page, 'errors-japanese')
    await page.getByLabel(/^Size/).fill('')
    await page.getByLabel('API key').fill('wrong')
    await submit(page)
    await page.waitForSelector('.summary p')
    assert.match(await page.textContent('.summary'), refused)
    await language()
    await page.getByLabel('API key').fill('right')
    await submit(page)
    await page.waitForSelector('[role=status]')
    assert.match(await page.textContent('h1'), connected)
    await language()
    await page.goto(address('away', `gil-${locale}`))
    await page.getByLabel('API key').fill('right')
    await submit(page)
    await page.waitForSelector('.summary')
    assert.match(await page.textContent('.summary'), unreachable)
    await page.goto(address('denying', `gil-${locale}`))
    assert.match(await page.textContent('.actions'), forward)
    await page.goto(`${environment.uri}/embed/main?token=${customerToken(`gil-${locale}`)}`)
    await language()
    assert.doesNotMatch(await page.textContent('main'), /Connected|Not connected|Integrations\b.*Connect again/)
    await context.close()
  })
}

test('what will be asked for is said before, in words of the external app', async () => {
  const page = await open('denying', 'hal')
  await page.click('summary')
  assert.deepEqual(await page.locator('.scopes li').allTextContents(), ['read', 'write'])
  await looked(page, 'permissions')
})

test('every page is small, and paints soon', async () => {
  const token = customerToken('ivy')
  const empty = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title><p>x'))
  empty.listen(0, '127.0.0.1')
  await once(empty, 'listening')
  for (const [name, uri] of [
    ['an empty page of another server', `http://127.0.0.1:${empty.address().port}`],
    ['form', address('keyed', 'ivy')],
    ['oauth2', address('denying', 'ivy')],
    ['list', `${environment.uri}/embed/main?token=${token}`],
    ['one', `${environment.uri}/embed/integrations/keyed?token=${token}`],
    ['absent', `${environment.uri}/embed/flow-runs/x/editor`],
    ['refused', `${environment.uri}/embed/main?token=no`],
  ]) {
    const loads = []
    for (let round = 0; round < 3; round++) loads.push(await loaded(uri))
    const [{ bytes, requests }] = loads
    const [, paint] = loads.map((load) => load.paint).sort((a, b) => a - b)
    console.log(`${name}: ${bytes} bytes in ${requests} requests, first paint after ${Math.round(paint)} ms`)
    assert.ok(bytes < 60_000, `${name}: ${bytes}`)
  }
  empty.closeAllConnections()
  empty.close()
})

/** What a browser that was never here before transfers, and when it paints. */
async function loaded(uri) {
  const fresh = await newVisit(chromium.browser, environment.uri)
  const page = await fresh.context.newPage()
  const requests = []
  page.on('requestfinished', (request) => requests.push(request))
  await page.goto(uri)
  await page.waitForLoadState('networkidle')
  let bytes = 0
  for (const request of requests) {
    const sizes = await request.sizes()
    bytes += sizes.responseBodySize + sizes.responseHeadersSize
  }
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  await fresh.context.close()
  return { bytes, requests: requests.length, paint }
}

test('a popup that gives up closes, and the app hears it', async () => {
  const opener = await visit.context.newPage()
  await opener.goto(`${environment.uri}/embed/flow-runs/x/editor`)
  await opener.evaluate(() => addEventListener('message', ({ data }) => (window.told = data)))
  const uri = address('keyed', 'joe', { requestId: 'a-request-that-is-given-up' })
  const [page] = await Promise.all([opener.waitForEvent('popup'), opener.evaluate((uri) => void window.open(uri), uri)])
  await Promise.all([page.waitForEvent('close'), page.click('text=Cancel')])
  const told = await (await opener.waitForFunction(() => window.told)).jsonValue()
  assert.equal(told.type, 'newConnectionFailure')
  assert.equal(told.requestId, 'a-request-that-is-given-up')
})
