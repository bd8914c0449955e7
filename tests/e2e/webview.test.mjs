// The connect pages in a web view, as apps for phones and devices have it: no tabs, no windows, and an engine that is not
// Chromium's.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, before, test as plain } from 'node:test'

import { install, oidcConnector } from './flows.mjs'
import { adminToken, client, customerToken, startEnvironment } from './harness.mjs'
import { startIssuer } from './oidc.mjs'
import { obstacle, startWebView, waited } from './webview.mjs'

const test = (name, body) => plain(name, { skip: obstacle }, body)

let environment
let issuer
let app
let webview
before(async () => {
  if (obstacle) return
  environment = await startEnvironment()
  issuer = await startIssuer(`${environment.uri}/oauth-callback`, { host: 'localhost' })
  app = await startApp()
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
  const admin = client(environment, adminToken())
  const code = `export default async ({ credentials }) => { if (credentials.apiKey === 'wrong') throw new Error('the key is not known'); return true }`
  const form = { type: 'object', required: ['apiKey'], properties: { apiKey: { type: 'string', title: 'API key', isSensitive: true }, hosts: { type: 'array', title: 'Host', items: { type: 'object', properties: { name: { type: 'string', title: 'Name' } } } } } }
  await admin.post('/connectors', { key: 'keyed', name: 'keyed', type: 'client-credentials', inputSchema: form, makeApiClient: { type: 'mapping', mapping: { baseUri: environment.provider.uri } }, test: { type: 'javascript', code } })
  await admin.integrations.create({ key: 'keyed', name: 'The keyed app', connectorKey: 'keyed' })
  webview = await startWebView()
})
after(async () => {
  await webview?.stop()
  app?.close()
  await issuer?.stop()
  await environment?.stop()
})

/** An app that has the web view, and watches where it goes. */
async function startApp() {
  const bundle = await readFile(new URL('node_modules/@integration-app/sdk/dist/bundle.js', import.meta.url))
  const server = createServer(({ url }, response) => {
    const isBundle = url === '/sdk.js'
    response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html')
    response.end(isBundle ? bundle : '<!doctype html><title>The app</title><h1>The app</h1><script src="/sdk.js"></script>')
  })
  server.listen(0)
  await once(server, 'listening')
  return Object.assign(server, { uri: `http://127.0.0.1:${server.address().port}` })
}

const address = (path, customer, query = {}) => `${environment.uri}/embed/${path}?${new URLSearchParams({ token: customerToken(customer), ...query })}`
const connection = (integration, customer) => client(environment, customerToken(customer)).get(`/connections/${integration}`)
const [heading, button, field] = ['h1', '.actions button', '[name="f.apiKey"]']

test('a form: what is wrong, rows, and the app learns the outcome from the address', async () => {
  await webview.open(address('integrations/keyed/connect', 'ann', { redirectUri: `${app.uri}/done` }))
  await webview.fill(field, 'wrong')
  await webview.click(button)
  await webview.shown('.summary', 'the key is not known')
  await webview.click('[name=add]')
  await webview.shown('.rows label', 'Name')
  await webview.fill('.rows input', 'first')
  await webview.fill(field, 'right')
  await webview.click(button)
  await webview.at(/\/done\?/)
  const { id, integrationId } = await connection('keyed', 'ann')
  assert.equal(new URL(await webview.url()).searchParams.get('connectionId'), id)
  await webview.back()
  await webview.at(/\/embed\/connect\//)
  await webview.shown(heading, 'Connected')
  const { items } = await client(environment, customerToken('ann')).get('/connections')
  const made = items.filter((item) => item.integrationId === integrationId)
  assert.deepEqual(made.map((item) => item.id), [id], 'the back button connects nothing again')
})

test('OAuth 2.0 goes to the external app and comes back in the same view', async () => {
  await webview.open(address('integrations/oidc/connect', 'ben'))
  await webview.click(button)
  await webview.shown('input[name=login]')
  await webview.fill('input[name=login]', 'ben')
  await webview.fill('input[name=password]', 'any')
  await webview.click('button[type=submit]')
  await webview.shown('button[type=submit]', 'Continue')
  await webview.click('button[type=submit]')
  await webview.shown(heading, 'Connected')
  assert.equal((await connection('oidc', 'ben')).state, 'READY')
  assert.doesNotMatch(await webview.url(), /code=|state=|token=/)
})

test('the list: connect, and disconnect after a question', async () => {
  await webview.open(address('main', 'cleo'))
  await webview.shown('.integrations', 'The keyed app')
  await webview.click('.integrations li:has(a[href*="keyed"]) button')
  await webview.shown(heading, 'The keyed app')
  await webview.fill(field, 'right')
  await webview.click(button)
  await webview.shown('.notice', 'Connected')
  await webview.click('.integrations a[href*="keyed"]')
  await webview.shown('a', 'Disconnect')
  await webview.click('a[href$="disconnects"]')
  await webview.click('button.danger')
  await webview.shown('.notice', 'Not connected')
  await assert.rejects(connection('keyed', 'cleo'))
})

test('the SDK in an app of another site, whose frames keep no cookies', async () => {
  await webview.open(`${app.uri.replace('127.0.0.1', 'localhost')}/sdk`)
  const opened = (uri, token) => {
    const client = new window.IntegrationAppClient({ apiUri: uri, uiUri: uri, token })
    client.integration('keyed').openNewConnection().then((made) => (window.outcome = made?.id ?? 'nothing'), (error) => (window.outcome = String(error)))
  }
  await webview.run(opened, environment.uri, customerToken('eve'))
  // The SDK shows the frame once both have shaken hands.
  await waited(() => webview.run(() => document.querySelector('iframe') && getComputedStyle(document.querySelector('iframe')).visibility === 'visible'))
  await webview.frame('iframe')
  await webview.fill(field, 'wrong')
  await webview.click(button)
  await webview.shown('.summary', 'the key is not known')
  await webview.fill(field, 'right')
  await webview.click(button)
  await webview.frame()
  const { id } = await waited(() => connection('keyed', 'eve'))
  assert.equal(await waited(() => webview.run(() => window.outcome)), id)
  assert.equal(await webview.run(() => document.querySelectorAll('iframe').length), 0)
})

test('pages have their colours, in light and in dark, and no script or style is refused', async () => {
  for (const [theme, color] of [['light', 'rgb(255, 255, 255)'], ['dark', 'rgb(27, 32, 38)']]) {
    await webview.open(address('integrations/keyed/connect', 'dora', { theme }))
    assert.equal(await webview.run(() => getComputedStyle(document.querySelector('main')).backgroundColor), color)
    await webview.run(() => void (window.isTheSamePage = true))
    await webview.click('[name=add]')
    await webview.shown('.rows label', 'Name')
    assert.equal(await webview.run(() => window.isTheSamePage), true, 'the script adds a row without a request')
  }
})
