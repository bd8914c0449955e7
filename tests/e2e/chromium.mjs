// A real browser (Debian's Chromium), and an app that embeds the SDK's browser bundle.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'

import { chromium } from 'playwright-core'

import { endWithUs } from './harness.mjs'

/** Names that the browser finds on this machine, so that the pages belong to different sites. */
const sites = ['app.test', 'evil.test']

/** Starts a browser with a fresh profile; `stop()` ends the process. */
export async function startChromium() {
  const server = await chromium.launchServer({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: [`--host-resolver-rules=${sites.map((site) => `MAP ${site} 127.0.0.1`).join(',')}`],
  })
  endWithUs(server.process())
  const browser = await chromium.connect(server.wsEndpoint())
  return { browser, stop: () => server.close() }
}

/**
 * A customer's visit: a context of its own, in which whatever the pages of the engine say on the console is kept in
 * `complaints`. `options` are those of Playwright's contexts.
 */
export async function newVisit(browser, engineUri, options) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(20_000)
  const visit = { context, complaints: [] }
  context.on('weberror', (error) => visit.complaints.push(String(error.error())))
  context.on('console', (message) => {
    const isOurs = message.location().url.startsWith(engineUri)
    // A page with an error status is one all the same.
    if (message.text().includes('the server responded with a status of 4')) return
    if (isOurs && ['error', 'warning'].includes(message.type())) visit.complaints.push(message.text())
  })
  return visit
}

/** What older Safari calls itself. */
const safari = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Safari/605.1.15'

/** A visit with a browser that keeps no cookies of the engine in frames of other sites, as Safari does. */
export async function newVisitOfSafari(browser, engineUri) {
  const visit = await newVisit(browser, engineUri, { userAgent: safari })
  await visit.context.route(`${engineUri}/**`, async (route) => {
    const request = route.request()
    if (!request.frame().parentFrame()) return route.continue()
    const { cookie, ...headers } = request.headers()
    const answer = await fetch(request.url(), { method: request.method(), headers, body: request.postDataBuffer() ?? undefined, redirect: 'manual' })
    const { 'set-cookie': _, ...kept } = Object.fromEntries(answer.headers)
    await route.fulfill({ status: answer.status, headers: kept, body: Buffer.from(await answer.arrayBuffer()) })
  })
  return visit
}

/** An app at `app.test` with the SDK as it is shipped; its page takes `api` and `token` from the fragment. */
export async function startEmbeddingApp() {
  const bundle = await readFile(new URL('node_modules/@integration-app/sdk/dist/bundle.js', import.meta.url))
  const server = createServer((request, response) => {
    const isBundle = request.url === '/sdk.js'
    response.setHeader('content-type', isBundle ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(isBundle ? bundle : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const stop = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { uri: `http://app.test:${port}`, evilUri: `http://evil.test:${port}`, stop }
}

/** Buttons whose outcome ends in `window.outcome`; every message that comes is kept in `window.messages`. */
const page = `<!doctype html>
<title>An app</title>
<link rel="icon" href="data:,">
<button>Connect</button>
<script src="/sdk.js"></script>
<script>
  window.messages = []
  addEventListener('message', ({ data, origin }) => messages.push({ data, origin }))
  const { api, token, ...what } = JSON.parse(decodeURIComponent(location.hash.slice(1)) || '{}')
  document.querySelector('button').onclick = async () => {
    const client = new IntegrationAppClient({ apiUri: api, token })
    const begun = what.connection
      ? client.connection(what.connection).reconnect()
      : client.integration(what.integration).connect(what.options)
    window.outcome = await begun.then((connection) => ({ connection }), (error) => ({ error: error?.data ?? String(error) }))
  }
</script>`

/** Opens the app for whoever holds `token`. */
export async function openApp(visit, app, environment, token, what) {
  const page = await visit.context.newPage()
  const fragment = encodeURIComponent(JSON.stringify({ api: environment.uri, token, ...what }))
  await page.goto(`${app.uri}/#${fragment}`)
  return page
}

/** Clicks the button that opens the popup. */
export async function clickForPopup(page) {
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('button')])
  return popup
}

/** What the SDK's promise came to. */
export const outcomeOf = async (page) => (await page.waitForFunction(() => window.outcome)).jsonValue()

/** Signs in at the pages of oidc-provider. */
export async function signIn(page, login) {
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
}

/** Agrees to what the app may do. */
export const consent = (page) => page.click('button[type=submit]:has-text("Continue")')

/** The addresses that the back button leads to, the present one last. */
export async function historyOf(page) {
  const session = await page.context().newCDPSession(page)
  const { entries } = await session.send('Page.getNavigationHistory')
  await session.detach()
  return entries.map((entry) => entry.url)
}
