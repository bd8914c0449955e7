// The connect pages where the SDKs, as they are shipped, put them: in a frame of the app's page, with penpal between the
// two, and windows of their own for external apps that refuse frames. App, engine and provider are different sites.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import { consent, newVisit, newVisitOfSafari, signIn, startChromium } from './chromium.mjs'
import { install, mapping, oidcConnector } from './flows.mjs'
import { adminToken, client, customerToken, http } from './harness.mjs'
import { startBench } from './oauth1-flows.mjs'
import { startIssuer } from './oidc.mjs'
import { looked } from './pages.mjs'

let bench
let environment
let issuer
let chromium
let app
let visit
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
  await installed('keyed', {
    type: 'client-credentials',
    inputSchema: { type: 'object', required: ['apiKey'], properties: { apiKey: { type: 'string', title: 'API key' } } },
    makeApiClient: mapping({ baseUri: environment.provider.uri }),
    test: { type: 'javascript', code: `export default ({ credentials }) => { if (credentials.apiKey === 'wrong') throw new Error('the key is not known'); return true }` },
  })
  await installed('token', { type: 'integration-app-token', makeApiClient: mapping({ baseUri: environment.provider.uri }) })
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

async function installed(key, members) {
  const admin = client(environment, adminToken())
  await admin.post('/connectors', { key, name: key, ...members })
  await admin.integrations.create({ key, name: `The ${key} app`, connectorKey: key })
}

/** An app with the bundles of both SDKs. */
async function startApp() {
  const bundles = {}
  for (const [name, path] of [['old', '@integration-app/sdk/dist/bundle.js'], ['new', '@membranehq/sdk/dist/bundle.js']])
    bundles[`/${name}.js`] = await readFile(new URL(`node_modules/${path}`, import.meta.url))
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', bundles[url] ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(bundles[url] ?? `<!doctype html><title>An app</title><link rel="icon" href="data:,"><script src="${url}.js"></script>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
  }
  return { uri: `http://app.test:${server.address().port}`, stop }
}

/** The app's page, in which `call` is begun with a client of this SDK. */
async function opened(sdk, customer, call) {
  const page = await visit.context.newPage()
  await page.goto(`${app.uri}/${sdk}`)
  await page.evaluate(
    ({ uri, token, call }) => {
      const Client = window.MembraneClient ?? window.IntegrationAppClient
      const client = new Client({ apiUri: uri, uiUri: uri, token })
      window.outcome = { state: 'waiting' }
      new Function('client', `return ${call}`)(client).then(
        (value) => (window.outcome = { state: 'done', value }),
        (error) => (window.outcome = { state: 'failed', value: String(error) }),
      )
    },
    { uri: environment.uri, token: customerToken(customer), call },
  )
  return { page, frame: page.frameLocator('iframe') }
}

/** What the SDK's promise came to, with the frame gone. */
async function outcomeOf(page) {
  await page.waitForFunction(() => window.outcome.state !== 'waiting')
  const { state, value } = await page.evaluate(() => window.outcome)
  assert.equal(state, 'done', value)
  await page.waitForFunction(() => !document.querySelector('iframe'))
  return value
}

/** The frame's button that is pressed opens a window. */
async function windowOf(page, press) {
  const [opened] = await Promise.all([page.waitForEvent('popup'), press()])
  return opened
}

const frameOf = (page) => page.frames().find((frame) => frame.parentFrame())
/** Closes by its button. The frame goes at once, which a click by coordinates does not always outlive in Chromium. */
const close = (frame) => frame.locator('[data-close]:visible').dispatchEvent('click')
const submit = (frame) => frame.locator('.actions button').first().click()
const connection = (integration, customer) => client(environment, customerToken(customer)).get(`/connections/${integration}`)

const ways = [
  ['old', `client.integration('keyed').openNewConnection()`],
  ['new', `client.integration('keyed').openNewConnection()`],
  ['new', `client.integration('keyed').openNewConnectionV2()`],
  ['new', `client.ui.connect({ integrationKey: 'keyed' })`],
]

for (const [index, [sdk, call]] of ways.entries()) {
  test(`${sdk} SDK, ${call}: the form is filled in, and the connection arrives`, async () => {
    const { page, frame } = await opened(sdk, `ann-${index}`, call)
    await frame.getByLabel('API key').fill('wrong')
    await submit(frame)
    await frame.locator('.summary:focus').waitFor()
    assert.match(await frame.locator('.summary').textContent(), /the key is not known/)
    await frame.getByLabel('API key').fill('right')
    await submit(frame)
    const made = await outcomeOf(page)
    assert.equal(made.id, (await connection('keyed', `ann-${index}`)).id)
    assert.equal(made.state, 'READY')
  })

  test(`${sdk} SDK, ${call}: closed, it gives null`, async () => {
    const { page, frame } = await opened(sdk, `ben-${index}`, call)
    await close(frame)
    assert.equal(await outcomeOf(page), null)
    await assert.rejects(connection('keyed', `ben-${index}`))
  })
}

for (const [sdk, call] of [['old', `client.connection('keyed').openReconnectUI()`], ['new', `client.connection('keyed').openReconnectUI()`]]) {
  test(`${sdk} SDK: an account is connected again`, async () => {
    const customer = `cleo-${sdk}`
    const { page, frame } = await opened(sdk, customer, `client.integration('keyed').openNewConnection()`)
    await frame.getByLabel('API key').fill('first')
    await submit(frame)
    const { id } = await outcomeOf(page)
    const again = await opened(sdk, customer, call)
    await again.frame.getByLabel('API key').fill('second')
    await submit(again.frame)
    assert.equal((await outcomeOf(again.page)).id, id)
  })

  for (const integration of ['oidc', 'child']) {
    test(`${sdk} SDK: OAuth 2.0 (${integration}) from a frame goes on in a window, which closes`, async () => {
      const customer = `dora-${integration}-${sdk}`
      const { page, frame } = await opened(sdk, customer, `client.integration('${integration}').openNewConnection()`)
      await goesOnInAWindow(page, frame, customer, integration)
    })
  }
}

async function goesOnInAWindow(page, frame, customer, integration) {
  const other = await windowOf(page, () => submit(frame))
  await frame.locator('[data-waiting]:visible').waitFor()
  await signIn(other, customer)
  await Promise.all([other.waitForEvent('close'), consent(other)])
  const made = await outcomeOf(page)
  assert.equal(made.id, (await connection(integration, customer)).id)
}

for (const sdk of ['old', 'new']) {
  test(`${sdk} SDK, in a browser that keeps no cookies in frames: a form`, async () => {
    await inSafari()
    const customer = `nan-${sdk}`
    const addresses = []
    visit.context.on('request', (request) => addresses.push(request.url()))
    const { page, frame } = await opened(sdk, customer, `client.integration('keyed').openNewConnection()`)
    await submit(frame)
    await frame.locator('.summary').waitFor()
    const pass = await frame.locator('main').getAttribute('data-pass')
    assert.match(pass, /^[\w-]{43}$/)
    await frame.getByLabel('API key').fill('a key')
    await submit(frame)
    assert.equal((await outcomeOf(page)).id, (await connection('keyed', customer)).id)
    assert.ok(addresses.length > 3 && addresses.every((address) => !address.includes(pass)), 'what it is known by is in no address')
  })

  test(`${sdk} SDK, in a browser that keeps no cookies in frames: OAuth 2.0`, async () => {
    await inSafari()
    const customer = `oz-${sdk}`
    const { page, frame } = await opened(sdk, customer, `client.integration('oidc').openNewConnection()`)
    await goesOnInAWindow(page, frame, customer, 'oidc')
  })

  test(`${sdk} SDK, in a browser that keeps no cookies in frames: the list`, async () => {
    await inSafari()
    await livesInTheList(sdk, `pia-${sdk}`)
  })
}

/** The visit goes on in a browser that keeps no cookies in frames. */
async function inSafari() {
  await visit.context.close()
  visit = await newVisitOfSafari(chromium.browser, environment.uri)
}

test('OAuth 1.0a from a frame', async () => {
  const { page, frame } = await opened('old', 'eve', `client.integration('oauth1').openNewConnection()`)
  const other = await windowOf(page, () => submit(frame))
  await Promise.all([other.waitForEvent('close'), other.click('form button, form input[type=submit]')])
  assert.equal((await outcomeOf(page)).id, (await connection('oauth1', 'eve')).id)
})

test('denied in the window: the frame says so, and the user tries again', async () => {
  const { page, frame } = await opened('old', 'fay', `client.integration('oidc').openNewConnection()`)
  const other = await windowOf(page, () => submit(frame))
  await signIn(other, 'fay')
  await Promise.all([other.waitForEvent('close'), other.click('text=Cancel')])
  assert.match(await frame.locator('.summary').textContent(), /access was denied/)
  await looked(frameOf(page), 'frame-denied')
  const again = await windowOf(page, () => submit(frame))
  await Promise.all([again.waitForEvent('close'), consent(again)])
  assert.equal((await outcomeOf(page)).state, 'READY')
})

for (const keeps of ['cookies', 'no cookies']) {
  const begun = async (customer, ...call) => {
    if (keeps === 'no cookies') await inSafari()
    return opened(call[0], `${customer}-${keeps.replace(' ', '-')}`, call[1])
  }

  test(`with ${keeps}: the window is closed by the user: the frame is there to begin again, or to give up`, async () => {
    const { page, frame } = await begun('gil', 'new', `client.ui.connect({ integrationKey: 'oidc' })`)
    const other = await windowOf(page, () => submit(frame))
    await frame.locator('[data-waiting]:visible').waitFor()
    await other.close()
    await frame.locator('[data-waiting]').waitFor({ state: 'hidden' })
    await close(frame)
    assert.equal(await outcomeOf(page), null)
  })

  test(`with ${keeps}: who gives up before going to the external app is back in the list, in the same frame`, async () => {
    const { page, frame } = await begun('kim', 'old', 'client.open()')
    await frame.getByRole('button', { name: 'Connect: oidc' }).click()
    await frame.locator('[name=cancel]').click()
    await frame.locator('h1:has-text("Integrations")').waitFor()
    await close(frame)
    await page.waitForFunction(() => !document.querySelector('iframe'))
  })
}

test('a window that the browser does not open is offered as a button', async () => {
  const { page, frame } = await opened('old', 'hal', `client.integration('oidc').openNewConnection()`)
  await frame.locator('form').evaluate(() => (window.open = () => null))
  await submit(frame)
  await frame.locator('[data-blocked]:visible').waitFor()
  await looked(frameOf(page), 'frame-blocked')
  const other = await windowOf(page, () => frame.locator('[data-blocked] button').click())
  await signIn(other, 'hal')
  await consent(other)
  assert.equal((await outcomeOf(page)).id, (await connection('oidc', 'hal')).id)
})

test('the list in a frame: connect, look, connect again, disconnect, close', async () => {
  for (const sdk of ['old', 'new']) await livesInTheList(sdk, `ivy-${sdk}`)
})

async function livesInTheList(sdk, customer) {
  const { page, frame } = await opened(sdk, customer, 'client.open()')
  await frame.locator('h1:has-text("Integrations")').waitFor()
  await looked(frameOf(page), `frame-main-${sdk}`)
  await frame.getByLabel('Search').fill('KEYED')
  assert.deepEqual(await frame.locator('[data-name]:visible').getByRole('link').allTextContents(), ['The keyed app'])
  await frame.getByLabel('Search').fill('nothing like it')
  await frame.locator('[data-none]:visible').waitFor()
  await frame.getByLabel('Search').fill('')
  await frame.getByRole('button', { name: 'Connect: The keyed app' }).click()
  await frame.getByLabel('API key').fill('a key')
  await submit(frame)
  await frame.locator('.notice:has-text("The keyed app: Connected")').waitFor()
  const { id } = await connection('keyed', customer)
  await frame.getByRole('link', { name: 'Manage The keyed app' }).click()
  await frame.locator('h1:has-text("The keyed app")').waitFor()
  await looked(frameOf(page), `frame-one-${sdk}`)
  await frame.getByRole('button', { name: 'Connect again: The keyed app' }).click()
  await frame.getByLabel('API key').fill('another key')
  await submit(frame)
  await frame.locator('.notice').waitFor()
  assert.equal((await connection('keyed', customer)).id, id)
  await frame.getByRole('link', { name: 'Manage The keyed app' }).click()
  await frame.locator('text=Disconnect').click()
  await frame.locator('h1:has-text("Disconnect The keyed app?")').waitFor()
  await looked(frameOf(page), `frame-disconnect-${sdk}`)
  await frame.locator('button:has-text("Disconnect")').click()
  await frame.locator('.notice:has-text("Not connected")').waitFor()
  await assert.rejects(connection('keyed', customer))
  await close(frame)
  await page.waitForFunction(() => !document.querySelector('iframe'))
}

test('one integration, and one connection', async () => {
  const one = await opened('old', 'joe', `client.integration('oidc').open()`)
  const other = await (async () => {
    await one.frame.getByRole('button', { name: 'Connect: oidc' }).click()
    await one.frame.locator('#form').waitFor()
    return windowOf(one.page, () => submit(one.frame))
  })()
  await signIn(other, 'joe')
  await consent(other)
  await one.frame.locator('.notice').waitFor()
  assert.match(await one.frame.locator('main').textContent(), /Permissions.*offline_access/)
  await looked(frameOf(one.page), 'frame-permissions')
  const { id } = await connection('oidc', 'joe')
  const { page, frame } = await opened('new', 'joe', `client.ui.connection({ connectionId: '${id}' })`)
  await frame.locator('h1:has-text("oidc")').waitFor()
  await close(frame)
  assert.equal(await outcomeOf(page), null)
})

test('an app asks for a dark page, and gets one', async () => {
  for (const [theme, color] of [['dark', 'rgb(27, 32, 38)'], ['light', 'rgb(255, 255, 255)'], ['auto', 'rgb(255, 255, 255)']]) {
    const { page, frame } = await opened('new', 'max', `client.ui.connect({ integrationKey: 'keyed', theme: '${theme}' })`)
    await frame.locator('#form').waitFor()
    assert.equal(await frame.locator('main').evaluate((main) => getComputedStyle(main).backgroundColor), color, theme)
    await close(frame)
    await page.waitForFunction(() => !document.querySelector('iframe'))
  }
})

test('a type that asks nothing is connected as soon as one looks', async () => {
  const { frame } = await opened('old', 'kim', `client.integration('token').open()`)
  await frame.locator('.state.good').waitFor()
})

test('pages about what this engine does not have greet, say so, and close', async () => {
  const instance = (call) => `Object.assign(client.flowInstance('x'), { getId: async () => 'x' }).${call}`
  for (const call of [instance('openConfiguration()'), instance('embedEditor()'), `client.ui.UNSAFE_agentSession({ sessionId: 'x' })`]) {
    const { page, frame } = await opened('new', 'lea', call)
    await frame.locator('h1:has-text("This is not available here")').waitFor()
    await close(frame)
    await page.waitForFunction(() => !document.querySelector('iframe'))
  }
})

test('the script that speaks penpal is the one on npm, behind its licence', async () => {
  const page = await http(environment, 'GET', '/embed/flow-runs/x/editor', { headers: { 'sec-fetch-dest': 'iframe' } })
  const { text } = await http(environment, 'GET', page.text.match(/src="([^"]*penpal[^"]*)"/)[1])
  const [script, licence] = await Promise.all(['dist/penpal.min.js', 'LICENSE'].map((name) => readFile(new URL(`node_modules/penpal/${name}`, import.meta.url), 'utf8')))
  assert.ok(text.endsWith(script))
  assert.ok(text.includes(licence))
})
