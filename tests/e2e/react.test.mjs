// The React packages as they are shipped, in a real Chromium: their list of integrations, and connecting from it.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { client, customerToken, startEnvironment } from './harness.mjs'
import { bundled } from './react/page.mjs'
import { accepted } from './workspace.mjs'

let environment
let chromium
let app
before(async () => {
  environment = await startEnvironment()
  chromium = await startChromium()
  app = await startApp({ 'integration-app': await bundled('integration-app'), membrane: await bundled('membrane') })
})
after(async () => {
  await chromium?.stop()
  await app?.stop()
  await environment?.stop()
})

/** An app at `app.test` with a page for each of `scripts`. */
async function startApp(scripts) {
  const server = createServer((request, response) => {
    const name = request.url.slice(1)
    const script = name.endsWith('.js') && scripts[name.slice(0, -3)]
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html; charset=utf-8')
    const page = `<!doctype html><title>An app</title><link rel="icon" href="data:,"><div id="root"></div><script src="/${name}.js"></script>`
    response.end(script || page)
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

async function open(name, customer) {
  const visit = await newVisit(chromium.browser, environment.uri)
  const page = await visit.context.newPage()
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.goto(`${app.uri}/${name}`)
  const what = { api: environment.uri, token: customerToken(customer) }
  await page.evaluate((what) => window.show(document.querySelector('#root'), what), what)
  return { page, errors, close: () => visit.context.close() }
}

for (const name of ['integration-app', 'membrane']) {
  test(`${name}: the list shows what there is, and what is connected`, async () => {
    const customer = `react-${name}`
    const { page, errors, close } = await open(name, customer)
    await page.waitForSelector('#api-key')
    const { items } = await client(environment, customerToken(customer)).integrations.find()
    assert.equal(await page.locator('li').count(), items.length)
    assert.match(await page.textContent('#api-key'), /api-key integration/)
    assert.equal(await page.textContent('#api-key output'), 'not connected')
    assert.equal(await page.textContent('#membrane-token output'), 'connected', 'a type that asks nothing')
    await close()
    assert.deepEqual(errors, [])
  })

  test(`${name}: connecting from the list`, async () => {
    const customer = `react-connect-${name}`
    const { page, close } = await open(name, customer)
    await page.fill('#api-key input', 'wrong')
    await page.click('#api-key form button')
    await page.waitForSelector('#api-key [role=alert]')
    await page.fill('#api-key input', accepted.apiKey)
    await page.click('#api-key form button')
    await page.waitForSelector('#api-key output:text-is("connected")')
    const made = await client(environment, customerToken(customer)).connection('api-key').get()
    assert.equal(made.state, 'READY')
    await close()
  })
}
