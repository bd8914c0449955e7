// The hosted connect pages in a real Chromium: forms of all kinds, errors, options, every auth type, and how they look.
// SCREENSHOTS names a directory for pictures of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import { consent, historyOf, newVisit, signIn, startChromium } from './chromium.mjs'
import { install, mapping, oidcConnector, outcome } from './flows.mjs'
import { adminToken, client, customerToken, http } from './harness.mjs'
import { startBench } from './oauth1-flows.mjs'
import { startIssuer } from './oidc.mjs'
import { looked } from './pages.mjs'

/** Every kind of field there is. */
const everything = {
  type: 'object',
  required: ['site', 'apiKey', 'region', 'limit', 'owner'],
  properties: {
    site: { type: 'string', title: 'Site', description: 'As in **your** address, see [the docs](https://docs.test/).', example: 'acme', pattern: '^[a-z]+$' },
    apiKey: { type: 'string', title: 'API key', isSensitive: true },
    pin: { type: 'string', title: 'PIN', format: 'password' },
    region: { type: 'string', title: 'Region', referenceRecords: [{ id: 'eu', name: 'Europe' }, { id: 'us', name: 'United States' }] },
    plan: { type: 'string', title: 'Plan', enum: ['free', 'paid'], default: 'paid' },
    size: { type: 'integer', title: 'Page size', enum: [10, 20] },
    channel: { type: 'string', title: 'Channel', enum: ['stable', 'beta'], allowCustom: true },
    limit: { type: 'integer', title: 'Limit', maximum: 100 },
    sandbox: { type: 'boolean', title: 'Use the sandbox', default: true },
    since: { type: 'string', title: 'Since', format: 'date' },
    notBefore: { type: 'string', title: 'Not before', format: 'date-time' },
    mail: { type: 'string', title: 'E-mail', format: 'email' },
    notes: { type: 'string', title: 'Notes', format: 'multiline' },
    tags: { type: 'array', title: 'Tags', items: { type: 'string' } },
    scopes: { type: 'array', title: 'Kinds of data', items: { type: 'string', enum: ['people', 'deals'] } },
    extra: { type: 'object', title: 'More headers' },
    owner: {
      type: 'object',
      title: 'Owner',
      required: ['email'],
      properties: { email: { type: 'string', title: 'Owner\'s e-mail' }, admin: { type: 'boolean', title: 'Is an admin' } },
    },
    version: { type: 'string', readOnly: true, default: 'v2' },
  },
}

const filled = {
  site: 'acme', apiKey: 'the secret key', region: 'eu', plan: 'paid', size: 20, channel: 'nightly', limit: 5, sandbox: false,
  since: '2026-01-02', notBefore: '2026-01-02T03:04:00Z', mail: 'ada@example.com', notes: 'one\ntwo', tags: ['a', 'b'],
  scopes: ['deals'], extra: { x: 1 }, owner: { email: 'o@example.com', admin: true }, version: 'v2',
}

let bench
let environment
let issuer
let chromium
let visit
let app
before(async () => {
  bench = await startBench()
  environment = bench.environment
  issuer = await startIssuer(`${environment.uri}/oauth-callback`, { host: 'localhost' })
  chromium = await startChromium()
  app = await startApp()
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
  await bench.install('oauth1')
  const admin = client(environment, adminToken())
  await admin.put('/auth-proxies/suite', { connectorKey: 'oidc', parameters: { clientId: issuer.clientId, clientSecret: issuer.clientSecret } })
  await installed('child', { type: 'proxy', proxyKey: 'suite' })
  await installed('everything', asks(everything, { ui: { helpUri: 'https://docs.test/help' } }))
  await installed('several', {
    type: 'client-credentials',
    options: {
      key: { title: 'API key', description: 'For **bots**.', ...asks({ type: 'object', required: ['apiKey'], properties: { apiKey: { type: 'string', title: 'API key' } } }) },
      login: { title: 'User name', ...asks({ type: 'object', required: ['user'], properties: { user: { type: 'string', title: 'User name' } } }) },
    },
  })
})
after(async () => {
  await chromium?.stop()
  await app?.stop()
  await issuer?.stop()
  await bench?.stop()
})
beforeEach(async () => (visit = await newVisit(chromium.browser, environment.uri)))
afterEach(async () => {
  await visit.context.close()
  assert.deepEqual(visit.complaints, [], 'the pages run without a word on the console')
})

/** What asks for `inputSchema`, and takes whatever is typed except the key `wrong`. */
function asks(inputSchema, members = {}) {
  return {
    type: 'client-credentials',
    inputSchema,
    makeApiClient: mapping({ baseUri: environment.provider.uri, headers: { 'X-Api-Key': { $var: 'credentials.apiKey' } } }),
    test: { type: 'javascript', code: `export default ({ credentials }) => { if (credentials.apiKey === 'wrong') throw new Error('the key is not known'); return true }` },
    ...members,
  }
}

async function installed(key, members) {
  const admin = client(environment, adminToken())
  await admin.post('/connectors', { key, name: key, ...members })
  await admin.integrations.create({ key, name: `The ${key} app`, connectorKey: key })
}

/** The app's page, where the browser ends. */
async function startApp() {
  const server = createServer((_, response) => response.end('<!doctype html><title>An app</title><link rel="icon" href="data:,">'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { uri: `http://app.test:${server.address().port}`, stop }
}

const address = (integration, customer, query = {}) =>
  `${environment.uri}/embed/integrations/${integration}/connect?${new URLSearchParams({ token: customerToken(customer), ...query })}`

async function open(integration, customer, query) {
  const page = await visit.context.newPage()
  await page.goto(address(integration, customer, query))
  return page
}

const submit = (page) => page.click('.actions button:first-child')
const connection = (integration, customer) => client(environment, customerToken(customer)).get(`/connections/${integration}`)
const typed = async ({ id }) => {
  const found = await http(environment, 'GET', `/connections/${id}?includeSecrets=true`, { token: adminToken() })
  return found.json.input ?? found.json.parameters
}

async function fill(page) {
  for (const [label, value] of Object.entries({
    Site: 'acme', 'API key': filled.apiKey, Channel: filled.channel, Limit: '5', Since: filled.since, 'E-mail': filled.mail,
    'Not before': '2026-01-02T03:04', Notes: filled.notes, Tags: 'a\nb', 'More headers': '{"x": 1}', 'Owner\'s e-mail': filled.owner.email,
  })) await page.getByLabel(new RegExp(`^${label}( \\(optional\\))?$`)).fill(value)
  await page.getByLabel(/^Region/).selectOption({ label: 'Europe' })
  await page.getByLabel(/^Page size/).selectOption('20')
  await page.getByLabel('Use the sandbox').uncheck()
  await page.getByLabel('deals').check()
  await page.getByLabel('Is an admin').check()
}

test('every kind of field is typed, and arrives as what the schema says', async () => {
  const started = Date.now()
  const page = await open('everything', 'ada')
  console.log(`the page with every field took ${Date.now() - started} ms`)
  assert.doesNotMatch(page.url(), /eyJ|token/)
  assert.equal(await page.title(), 'Connect The everything app')
  assert.equal(await page.getByLabel(/^API key/).getAttribute('type'), 'password')
  assert.equal(await page.getByLabel(/^Plan/).inputValue(), 'paid')
  assert.equal(await page.getByLabel('Use the sandbox').isChecked(), true)
  await looked(page, 'everything')
  await fill(page)
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
  await looked(page, 'connected')
  assert.deepEqual(await typed(await connection('everything', 'ada')), filled)
  for (const url of await historyOf(page)) assert.doesNotMatch(url, /eyJ|secret/)
})

test('errors are beside their fields, the summary has the focus, and what was typed is kept but for secrets', async () => {
  const page = await open('everything', 'bob')
  await page.getByLabel(/^Site/).fill('ACME!')
  await page.getByLabel(/^API key/).fill('the secret key')
  await page.getByLabel(/^Limit/).fill('many')
  await page.getByLabel(/^Notes/).fill('<b>&"\nline')
  await page.getByLabel('Use the sandbox').uncheck()
  await submit(page)
  await page.waitForSelector('.summary')
  assert.match(await page.title(), /^Error: /)
  assert.equal(await page.evaluate(() => document.activeElement.className), 'summary')
  const limit = page.getByLabel(/^Limit/)
  assert.equal(await limit.getAttribute('aria-invalid'), 'true')
  const described = (await limit.getAttribute('aria-describedby')).split(' ')
  assert.match(await page.textContent(`#${described.at(-1)}`), /Limit must be a whole number/)
  assert.match(await page.textContent('.summary'), /Region is required/)
  assert.match(await page.textContent('.summary'), /Owner is required|Owner's e-mail is required/)
  assert.equal(await page.getByLabel(/^Site/).inputValue(), 'ACME!')
  assert.equal(await page.getByLabel(/^Notes/).inputValue(), '<b>&"\nline')
  assert.equal(await page.getByLabel(/^API key/).inputValue(), '')
  assert.equal(await page.getByLabel('Use the sandbox').isChecked(), false)
  assert.doesNotMatch(await page.content(), /the secret key/)
  await looked(page, 'errors')
  await page.click('.summary a:has-text("Limit")')
  assert.equal(await page.evaluate(() => document.activeElement.id), await limit.getAttribute('id'))
  await fill(page)
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
  assert.deepEqual(await typed(await connection('everything', 'bob')), filled)
})

test('with the keyboard alone', async () => {
  const page = await open('several', 'kay')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('form')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type('any')
  await page.keyboard.press('Enter')
  await page.waitForSelector('h1:has-text("Connected")')
})

test('one of several options is chosen, and another one after that', async () => {
  const page = await open('several', 'cleo')
  await looked(page, 'options')
  await page.click('text=API key')
  await page.waitForSelector('form')
  assert.match(await page.textContent('main'), /For bots/)
  await page.click('text=Choose another way')
  await page.click('text=User name')
  await page.getByLabel('User name').fill('cleo')
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
  assert.equal((await connection('several', 'cleo')).authOptionKey, 'login')
})

test('a failed test is said above the form, and the user tries again', async () => {
  const page = await open('several', 'dora', { authOptionKey: 'key' })
  await page.getByLabel('API key').fill('wrong')
  await submit(page)
  await page.waitForSelector('.summary')
  assert.match(await page.textContent('.summary'), /the key is not known/)
  await looked(page, 'failure')
  await page.getByLabel('API key').fill('right')
  await page.click('text=Try again')
  await page.waitForSelector('h1:has-text("Connected")')
})

test('OAuth 2.0: denied, tried again, and at last the app hears it', async () => {
  const requestId = 'embed-oauth2-request'
  const page = await open('oidc', 'eve', { requestId, redirectUri: `${app.uri}/done` })
  await looked(page, 'oauth2')
  await page.click('text=Continue to oidc')
  await signIn(page, 'eve')
  await page.click('text=Cancel')
  await page.waitForSelector('.summary')
  assert.match(await page.textContent('.summary'), /access was denied/)
  await page.click('text=Try again')
  await consent(page)
  await page.waitForURL(/\/done\?/)
  const { id, state } = await connection('oidc', 'eve')
  assert.equal(state, 'READY')
  assert.equal(new URL(page.url()).searchParams.get('connectionId'), id)
  assert.equal((await outcome(environment, requestId)).connection.id, id)
  for (const url of await historyOf(page)) {
    if (!url.startsWith(issuer.uri)) assert.doesNotMatch(url, /[?&](code|state|token)=|eyJ/)
  }
})

test('OAuth 1.0a', async () => {
  const page = await open('oauth1', 'fay')
  await submit(page)
  await page.click('form button, form input[type=submit]')
  await page.waitForSelector('h1:has-text("Connected")')
  assert.equal((await connection('oauth1', 'fay')).state, 'READY')
})

test('delegated authentication, and again when the account is there', async () => {
  const page = await open('child', 'gus')
  const scopes = () => page.locator('.scopes li').allTextContents()
  assert.deepEqual(await scopes(), ['openid', 'offline_access'], 'what the parent asks for is said before')
  await submit(page)
  await signIn(page, 'gus')
  await consent(page)
  await page.waitForSelector('h1:has-text("Connected")')
  assert.deepEqual(await scopes(), ['openid', 'offline_access'], 'and afterwards what was granted')
  await looked(page, 'connected-with-scopes')
  assert.equal((await connection('child', 'gus')).state, 'READY')
  const again = await open('child', 'gus')
  assert.equal(await again.locator('.scopes').count(), 0, 'an account that is there is not asked again')
})

test('a reconnect keeps the id, and shows what was typed before but for secrets', async () => {
  const { id } = await connection('everything', 'ada')
  const page = await visit.context.newPage()
  await page.goto(`${environment.uri}/embed/connections/${id}/refresh?token=${customerToken('ada')}`)
  assert.equal(await page.textContent('h1'), 'Connect The everything app again')
  assert.equal(await page.getByLabel(/^Site/).inputValue(), 'acme')
  assert.equal(await page.getByLabel(/^Not before/).inputValue(), '2026-01-02T03:04:00'.slice(0, 16))
  assert.equal(await page.getByLabel(/^API key/).inputValue(), '')
  await page.getByLabel(/^API key/).fill('a newer key')
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
  const again = await connection('everything', 'ada')
  assert.equal(again.id, id)
  assert.deepEqual(await typed(again), { ...filled, apiKey: 'a newer key' })
})

test('back, reload and a second submit change nothing once it is over', async () => {
  const page = await open('several', 'hal', { authOptionKey: 'login' })
  await page.getByLabel('User name').fill('hal')
  await page.evaluate(() => {
    const form = document.querySelector('form')
    form.submit()
    form.submit()
  })
  await page.waitForSelector('h1:has-text("Connected")')
  const { id } = await connection('several', 'hal')
  await page.reload()
  await page.waitForSelector('h1:has-text("Connected")')
  await page.goBack()
  await page.goForward()
  await page.waitForSelector('h1:has-text("Connected")')
  assert.equal((await connection('several', 'hal')).id, id)
  const { items } = await client(environment, customerToken('hal')).get('/connections')
  assert.deepEqual(items.filter(({ state, authOptionKey }) => state && authOptionKey).map((each) => each.id), [id])
})

test('who gives up goes back to the app with an error', async () => {
  const page = await open('everything', 'ivy', { redirectUri: `${app.uri}/done` })
  await page.click('text=Cancel')
  await page.waitForURL(/\/done\?/)
  assert.match(new URL(page.url()).searchParams.get('error'), /cancelled/)
  await page.goBack()
  await page.waitForSelector('h1:has-text("Not connected")')
})

test('`/connect` asks for what is missing, with what was given', async () => {
  const page = await visit.context.newPage()
  const query = new URLSearchParams({ token: customerToken('joe'), integrationKey: 'everything', input: '{"site": "acme"}' })
  await page.goto(`${environment.uri}/connect?${query}`)
  assert.doesNotMatch(page.url(), /token/)
  assert.equal(await page.getByLabel(/^Site/).inputValue(), 'acme')
  await fill(page)
  await submit(page)
  await page.waitForSelector('h1:has-text("Connected")')
})

test('a hidden frame is not asked what is missing: nobody would see it', async () => {
  const page = await visit.context.newPage()
  await page.goto(`${environment.uri}/embed/assets/none`)
  const query = new URLSearchParams({ token: customerToken('joy'), integrationKey: 'everything' })
  const said = await page.evaluate((src) => new Promise((resolve) => {
    addEventListener('message', ({ data }) => resolve(data))
    document.body.append(Object.assign(document.createElement('iframe'), { src }))
  }), `${environment.uri}/connect?${query}`)
  assert.equal(said.type, 'newConnectionFailure')
  assert.ok(said.errorData.data.fields.some(({ field }) => field === 'apiKey'))
})

test('right to left it fits as well', async () => {
  const page = await open('everything', 'noa')
  await page.evaluate(() => (document.documentElement.dir = 'rtl'))
  await looked(page, 'right-to-left')
})

test('a page of another browser, an old page and a wrong token say so', async () => {
  const page = await open('everything', 'kim')
  const other = await newVisit(chromium.browser, environment.uri)
  const stranger = await other.context.newPage()
  assert.equal((await stranger.goto(page.url())).status(), 410)
  assert.match(await stranger.textContent('main'), /start again/)
  await looked(stranger, 'cookie')
  await other.context.close()
  await fill(page)
  await visit.context.clearCookies()
  await submit(page)
  await page.waitForSelector('h1:has-text("This page needs a cookie")')
  await assert.rejects(connection('everything', 'kim'))
  const refused = await page.goto(`${environment.uri}/embed/integrations/everything/connect?token=no`)
  assert.equal(refused.status(), 401)
  assert.equal(await page.textContent('h1'), 'This link does not work')
})

test('in other languages, and without scripts', async () => {
  for (const [locale, button, connected] of [
    ['de-DE', 'Verbinden', 'Verbunden'], ['fr-FR', 'Connecter', 'Connecté'], ['es-ES', 'Conectar', 'Conectado'], ['ja-JP', '接続', '接続しました'],
  ]) {
    const context = await chromium.browser.newContext({ locale, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(address('several', `lea-${locale}`, { authOptionKey: 'login' }))
    assert.equal(await page.textContent('.actions button'), button)
    assert.equal(await page.getAttribute('html', 'lang'), locale.slice(0, 2))
    await page.locator('input[type=text]').fill('lea')
    await submit(page)
    await page.waitForSelector(`h1:text-is("${connected}")`)
    await context.close()
  }
})

test('nothing comes from elsewhere, little is sent, and the policy allows no script but ours', async () => {
  const page = await visit.context.newPage()
  const requests = []
  page.on('requestfinished', (request) => requests.push(request))
  const response = await page.goto(address('everything', 'max'))
  await page.waitForLoadState('networkidle')
  let bytes = 0
  for (const request of requests) {
    assert.ok(request.url().startsWith(environment.uri), request.url())
    const sizes = await request.sizes()
    bytes += sizes.responseBodySize + sizes.responseHeadersSize
  }
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime)
  console.log(`${bytes} bytes in ${requests.length} requests, first paint after ${Math.round(paint)} ms`)
  assert.ok(bytes < 60_000, `${bytes}`)
  const headers = response.headers()
  assert.match(headers['content-security-policy'], /default-src 'none'; script-src 'self'; style-src 'sha256-[^ ;]+'; connect-src 'self'/)
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.equal(headers['cache-control'], 'no-store')
})
