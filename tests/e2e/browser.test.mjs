// The authorization code flow in a real Chromium: the SDK's browser bundle on an app's page, oidc-provider behind it.
// The app, the engine and the provider are different sites.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import {
  clickForPopup,
  consent,
  historyOf,
  newVisit,
  openApp,
  outcomeOf,
  signIn,
  startChromium,
  startEmbeddingApp,
} from './chromium.mjs'
import { install, oidcConnector, outcome } from './flows.mjs'
import { cli, client, customerToken, startEnvironment } from './harness.mjs'
import { startIssuer } from './oidc.mjs'
import { accepted } from './workspace.mjs'

let environment
let issuer
let chromium
let app
let visit
before(async () => {
  environment = await startEnvironment()
  issuer = await startIssuer(`${environment.uri}/oauth-callback`, { host: 'localhost' })
  app = await startEmbeddingApp()
  chromium = await startChromium()
  for (const key of ['oidc', 'second']) await install(environment, oidcConnector(key, issuer.uri), issuer)
})
after(async () => {
  await chromium?.stop()
  await app?.stop()
  await environment?.stop()
  await issuer?.stop()
})
beforeEach(async () => (visit = await newVisit(chromium.browser, environment.uri)))
afterEach(async () => {
  await visit.context.close()
  assert.deepEqual(visit.complaints, [], 'the pages of the engine run without a word on the console')
})

const open = (customer, what = { integration: 'oidc' }) =>
  openApp(visit, app, environment, customerToken(customer), what)

const connection = (customer) => client(environment, customerToken(customer)).get('/connections/oidc')

/** Nothing that could be used again, or that is nobody's business, is where the back button leads. */
async function assertNothingLeft(page) {
  for (const url of await historyOf(page)) {
    if (url.startsWith(issuer.uri)) continue
    assert.doesNotMatch(url.split('#')[0], /[?&](code|state|token|payload)=|eyJ/)
  }
}

test('in a popup: the app hears it by message and by event, and the popup closes', async () => {
  const page = await open('ada')
  const popup = await clickForPopup(page)
  await signIn(popup, 'ada')
  const closed = popup.waitForEvent('close')
  await consent(popup)
  await closed
  const { connection: made } = await outcomeOf(page)
  assert.equal(made.state, 'READY')
  const [{ data, origin }] = (await page.evaluate(() => window.messages)).filter(({ data }) => data.source)
  assert.equal(origin, environment.uri)
  assert.equal(data.type, 'newConnectionCreated')
  assert.equal(data.connection.id, made.id)
  assert.deepEqual(await outcome(environment, data.requestId), data)
  const me = await client(environment, customerToken('ada')).connection('oidc').proxy.get('/me')
  assert.equal(me.sub, 'ada')
})

test('by event alone, when the popup has lost its opener', async () => {
  const page = await open('otto')
  await page.evaluate(() => addEventListener('message', (event) => event.stopImmediatePropagation(), true))
  const popup = await clickForPopup(page)
  await signIn(popup, 'otto')
  await popup.evaluate(() => (window.opener = null))
  await consent(popup)
  assert.equal((await outcomeOf(page)).connection.state, 'READY')
})

test('in the same window: the browser ends at the app, with the connection', async () => {
  const redirectUri = `${app.uri}/done?kept=1`
  const page = await open('bob', { integration: 'oidc', options: { redirectUri, sameWindow: true } })
  await page.click('button')
  await signIn(page, 'bob')
  await consent(page)
  await page.waitForURL(/\/done\?/)
  const query = new URL(page.url()).searchParams
  assert.equal(query.get('kept'), '1')
  assert.equal(query.get('connectionId'), (await connection('bob')).id)
  await assertNothingLeft(page)
})

test('in the same window: consent that is denied comes back to the app as an error', async () => {
  const redirectUri = `${app.uri}/done`
  const page = await open('bella', { integration: 'oidc', options: { redirectUri, sameWindow: true } })
  await page.click('button')
  await signIn(page, 'bella')
  await page.click('text=Cancel')
  await page.waitForURL(/\/done\?/)
  const query = new URL(page.url()).searchParams
  assert.match(query.get('error'), /access was denied/)
  assert.equal(JSON.parse(query.get('errorData')).data.error, 'access_denied')
  await assertNothingLeft(page)
})

test('consent that is denied is said in the popup and to the app', async () => {
  const page = await open('carol')
  const popup = await clickForPopup(page)
  await signIn(popup, 'carol')
  await popup.click('text=Cancel')
  await popup.waitForSelector('h1:has-text("Not connected")')
  assert.match(await popup.textContent('p'), /access was denied/)
  assert.match((await outcomeOf(page)).error.message, /access was denied/)
  await assertNothingLeft(popup)
  await assert.rejects(connection('carol'))
})

test('a browser that lost its cookie is told so, and so is the app', async () => {
  const page = await open('dave')
  const popup = await clickForPopup(page)
  await signIn(popup, 'dave')
  await visit.context.clearCookies({ name: /^authbridge_browser_/ })
  await consent(popup)
  await popup.waitForSelector('h1:has-text("Not connected")')
  assert.match(await popup.textContent('p'), /lost its cookie/)
  assert.match((await outcomeOf(page)).error.message, /lost its cookie/)
  await assert.rejects(connection('dave'))
})

test('two attempts at once in one browser do not get into each other\'s way', async () => {
  const first = await open('ines')
  const firstPopup = await clickForPopup(first)
  await signIn(firstPopup, 'ines')
  const second = await open('ines', { integration: 'second' })
  const secondPopup = await clickForPopup(second)
  await consent(secondPopup)
  assert.equal((await outcomeOf(second)).connection?.state, 'READY')
  await consent(firstPopup)
  const { connection, error } = await outcomeOf(first)
  assert.equal(connection?.state, 'READY', JSON.stringify(error))
})

test('a callback works once: played again, reloaded, or gone back to', async () => {
  const callback = visit.context.waitForEvent('request', (request) => request.url().includes('/oauth-callback?'))
  const command = cli(environment, ['connect', 'oidc', '--customer', 'erin', '--json'])
  const [, url] = await command.said(/^(http\S+)\n/m)
  const page = await visit.context.newPage()
  await page.goto(url)
  await signIn(page, 'erin')
  await consent(page)
  await page.waitForSelector('h1:has-text("Connected")')
  const { code, stdout } = await command.ended
  assert.equal(code, 0, stdout)
  await assertNothingLeft(page)

  await page.reload()
  assert.match(await page.textContent('main'), /can be closed|close this window/)
  await page.goto((await callback).url())
  assert.match(await page.textContent('main'), /works only once/)
  await page.goBack()
  assert.doesNotMatch(page.url(), /code=/)
  assert.equal((await connection('erin')).state, 'READY')
  assert.equal((await connection('erin')).id, JSON.parse(stdout).id)
})

test('the command hears it when the user says no', async () => {
  const command = cli(environment, ['connect', 'oidc', '--customer', 'frank', '--no-browser'])
  const [, url] = await command.said(/^(http\S+)\n/m)
  const page = await visit.context.newPage()
  await page.goto(url)
  await signIn(page, 'frank')
  await page.click('text=Cancel')
  const { code, stderr } = await command.ended
  assert.equal(code, 1)
  assert.match(stderr, /error: access was denied/)
})

test('a reconnect keeps the id', async () => {
  const { id } = await connection('ada')
  const page = await open('ada', { connection: id })
  const popup = await clickForPopup(page)
  await signIn(popup, 'ada')
  await consent(popup)
  assert.equal((await outcomeOf(page)).connection.id, id)
})

test('another site that frames the callback learns and changes nothing', async () => {
  const asked = visit.context.waitForEvent('request', (request) => request.url().includes('state='))
  await clickForPopup(await open('grace'))
  const state = new URL((await asked).url()).searchParams.get('state')
  const url = `${environment.uri}/oauth-callback?${new URLSearchParams({ state, code: 'any', iss: issuer.uri })}`
  const evil = await visit.context.newPage()
  await evil.goto(app.evilUri)
  await evil.evaluate((url) => {
    const frame = document.createElement('iframe')
    frame.src = url
    document.body.append(frame)
  }, url)
  await evil.waitForFunction(() => window.messages.length > 0)
  const [{ data }] = await evil.evaluate(() => window.messages)
  assert.equal(data.type, 'newConnectionFailure')
  assert.equal(data.connection, undefined)
  assert.match(data.error, /another browser/)
  await assert.rejects(connection('grace'))
})

test('an API key goes through a hidden frame of another site', async () => {
  const options = { parameters: { apiKey: accepted.apiKey } }
  const page = await open('heidi', { integration: 'api-key', options })
  await page.click('button')
  assert.equal((await outcomeOf(page)).connection.state, 'READY')
  const wrong = await open('heidi', { integration: 'api-key', options: { parameters: { apiKey: 'wrong' } } })
  await wrong.click('button')
  assert.equal((await outcomeOf(wrong)).error.type, 'connection')
})
