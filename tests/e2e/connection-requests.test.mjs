// Connection requests in a real Chromium: a backend asks, a user follows the link, the backend hears it. And `connect()` of
// @membranehq/sdk 0.28.3 in the browser, which names the request it follows.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import { ConnectionRequest, MembraneClient } from '@membranehq/sdk'

import { clickForPopup, consent, historyOf, newVisit, outcomeOf, signIn, startChromium } from './chromium.mjs'
import { install, oidcConnector } from './flows.mjs'
import { client, customerToken, startEnvironment } from './harness.mjs'
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
  await install(environment, oidcConnector('oidc', issuer.uri), issuer)
  chromium = await startChromium()
  app = await startApp()
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
  assert.deepEqual(visit.complaints, [], 'the pages run without a word on the console')
})

/** An app at `app.test` with the newer SDK's bundle; its page takes what to connect from the fragment. */
async function startApp() {
  const bundle = await readFile(new URL('node_modules/@membranehq/sdk/dist/bundle.js', import.meta.url))
  const page = `<!doctype html>
<title>An app</title>
<link rel="icon" href="data:,">
<button>Connect</button>
<script src="/sdk.js"></script>
<script>
  const { api, token, ...what } = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}')
  document.querySelector('button').onclick = async () => {
    const client = new MembraneClient({ apiUri: api, token })
    window.outcome = await client.connect(what).then((connection) => ({ connection }), (error) => ({ error: error?.data ?? String(error) }))
  }
</script>`
  const server = createServer((request, response) => {
    const isBundle = request.url === '/sdk.js'
    response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(isBundle ? bundle : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { uri: `http://app.test:${server.address().port}`, stop }
}

async function openApp(customer, what) {
  const page = await visit.context.newPage()
  const token = customerToken(customer)
  await page.goto(`${app.uri}/#${encodeURIComponent(JSON.stringify({ api: environment.uri, token, ...what }))}`)
  return page
}

const backend = (customer) => new MembraneClient({ apiUri: environment.uri, token: customerToken(customer) })

/** A request as the newer SDK's types have it. */
async function ask(customer, body) {
  const made = await backend(customer).post('/connection-requests', body)
  ConnectionRequest.parse(made)
  return made
}

async function poll(customer, { requestId }) {
  const found = await backend(customer).get(`/connection-requests/${requestId}`)
  ConnectionRequest.parse(found)
  return found
}

test('through OAuth 2.0, with the browser ending at the app', async () => {
  const request = await ask('bob', { integrationKey: 'oidc', redirectUri: `${app.uri}/done` })
  const page = await visit.context.newPage()
  await page.goto(request.url)
  await page.click('.actions button:first-child')
  await signIn(page, 'bob')
  await page.click('text=Cancel')
  await page.waitForSelector('.actions')
  assert.equal((await poll('bob', request)).status, 'pending', 'who was refused is asked again')
  await page.click('.actions button:first-child')
  await consent(page)
  await page.waitForURL(/\/done\?/)
  const { status, resultConnectionId } = await poll('bob', request)
  assert.equal(status, 'success')
  assert.equal(new URL(page.url()).searchParams.get('connectionId'), resultConnectionId)
  const visited = (await historyOf(page)).filter((url) => url.startsWith(environment.uri))
  assert.ok(visited.every((url) => !url.includes(request.requestId)), 'the link is not in the history')
})

test('connect() of the newer SDK: by hidden frame, and what it follows is done', async () => {
  const request = await ask('carol', { integrationKey: 'api-key' })
  const what = { integrationKey: 'api-key', connectionRequestId: request.requestId }
  const wrong = await openApp('carol', { ...what, input: { apiKey: 'wrong' } })
  await wrong.click('button')
  assert.equal((await outcomeOf(wrong)).error.type, 'connection')
  assert.equal((await poll('carol', request)).status, 'error')
  const page = await openApp('carol', { ...what, input: { apiKey: accepted.apiKey } })
  await page.click('button')
  const { connection } = await outcomeOf(page)
  const { status, resultConnectionId } = await poll('carol', request)
  assert.deepEqual([status, resultConnectionId], ['success', connection.id])
})

test('connect() of the newer SDK: in a popup, and again by connectionId', async () => {
  const page = await openApp('dave', { integrationKey: 'oidc' })
  const popup = await clickForPopup(page)
  await signIn(popup, 'dave')
  await consent(popup)
  const { connection } = await outcomeOf(page)
  assert.equal(connection.state, 'READY')
  const again = await openApp('dave', { connectionId: connection.id })
  const second = await clickForPopup(again)
  await consent(second)
  assert.equal((await outcomeOf(again)).connection.id, connection.id)
})

test('connect() of the newer SDK: a popup that is closed is nothing', async () => {
  const page = await openApp('erin', { integrationKey: 'oidc' })
  const popup = await clickForPopup(page)
  await popup.waitForSelector('input[name=login]')
  await popup.close()
  assert.deepEqual(await outcomeOf(page), { connection: null })
})

test('a link for a connection that has to be connected again is in what its customer reads', async () => {
  const user = client(environment, customerToken('fay'))
  const integration = await user.integration('api-key').get()
  const { id } = await user.connections.create({ name: 'x', integrationId: integration.id, credentials: { apiKey: 'stale' } })
  await user.post(`/connections/${id}/test`)
  const { state, clientAction } = await backend('fay').connection(id).get()
  assert.deepEqual([state, clientAction.type], ['CLIENT_ACTION_REQUIRED', 'connect'])
  const page = await visit.context.newPage()
  await page.goto(clientAction.uiUrl)
  await page.getByLabel('API key').fill(accepted.apiKey)
  await page.click('.actions button:first-child')
  await page.waitForSelector('h1:has-text("Connected")')
  const well = await backend('fay').connection(id).get()
  assert.equal(well.state, 'READY')
  assert.equal(well.clientAction, undefined)
})

// The last one, because what is registered at the issuer is where the server was before.
test('the user follows the link, also after a restart, and whoever asked hears it', async () => {
  const request = await ask('ada', { integrationKey: 'api-key', name: 'Asked for' })
  await environment.restart()
  const url = request.url.replace(new URL(request.url).origin, environment.uri)
  const page = await visit.context.newPage()
  await page.goto(url)
  await page.getByLabel('API key').fill(accepted.apiKey)
  assert.equal((await poll('ada', request)).status, 'pending')
  await page.click('.actions button:first-child')
  await page.waitForSelector('h1:has-text("Connected")')
  const done = await poll('ada', request)
  assert.equal(done.status, 'success')
  const made = await client(environment, customerToken('ada')).connection('api-key').get()
  assert.equal(done.resultConnectionId, made.id)
  assert.equal(made.name, 'Asked for')
  await page.goto(url)
  assert.match(await page.textContent('main'), /used already/)
})
