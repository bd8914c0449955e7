// Every call of both SDKs, unmodified, in Node.js and in a real browser: what concerns identity, integrations, connections,
// operations and actions works; the rest is an empty list or an error that says what this engine does not do.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { MembraneClient } from '@membranehq/sdk'

import { newVisit, startChromium } from './chromium.mjs'
import { mapping } from './flows.mjs'
import { adminToken, client, connect, customerToken, startEnvironment } from './harness.mjs'
import { calls, present, walk } from './surface.mjs'
import { accepted } from './workspace.mjs'

let environment
let chromium
let app
before(async () => {
  environment = await startEnvironment()
  chromium = await startChromium()
  app = await startApp()
  const admin = client(environment, adminToken())
  const member = (type, mapping) => ({ type, mapping })
  await admin.post('/connectors', {
    key: present.integration,
    name: 'What is walked',
    type: 'client-credentials',
    inputSchema: { type: 'object', required: ['apiKey'], properties: { apiKey: { type: 'string' } } },
    makeApiClient: mapping({ baseUri: environment.provider.uri, headers: { 'X-Api-Key': { $var: 'credentials.apiKey' } } }),
    operations: { [present.operation]: { key: present.operation, name: 'Who am I', run: member('rest-api-mapping', { path: '/me', method: 'GET' }) } },
  })
  for (const key of [present.integration, changed]) await admin.integrations.create({ key, name: key, connectorKey: present.integration })
  const config = { request: { path: '/me', method: 'GET' } }
  for (const key of [present.action, changed]) await admin.actions.create({ key, name: key, type: 'api-request-to-external-app', config })
})
after(async () => {
  await chromium?.stop()
  await app?.stop()
  await environment?.stop()
})

/** What administrators change, so that customers find theirs as it was. */
const changed = 'changed'

/** An app with both bundles as they are shipped. */
async function startApp() {
  const file = (path) => readFile(new URL(path, import.meta.url))
  const files = {
    '/sdk.js': await file('node_modules/@integration-app/sdk/dist/bundle.js'),
    '/membrane.js': await file('node_modules/@membranehq/sdk/dist/bundle.js'),
    '/surface.mjs': await file('surface.mjs'),
  }
  const page = '<!doctype html><title>An app</title><link rel="icon" href="data:,">'
  const server = createServer((request, response) => {
    response.setHeader('content-type', files[request.url] ? 'text/javascript' : 'text/html')
    response.end(files[request.url] ?? page)
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

const sdks = {
  '@integration-app/sdk': (token) => client(environment, token),
  '@membranehq/sdk': (token) => new MembraneClient({ apiUri: environment.uri, token }),
}

/** Elements of the workspace, which admins change. */
const elements = 'actions?|appDataSchemas?|appEventTypes?|dataLinkTables?|dataSources?|fieldMappings?|flows?|packages?|scenarios?|screens?'

/** What has to work for a customer, by the name of the call. */
const works = [
  /^self\./,
  /^integrations\.(find|findAll)$/,
  /^integration\([^)]*\)\.(get|getOperations?|getDataCollections|getDataLocations)$/,
  // Of these the SDKs make no path when the integration is chosen by an object.
  /^integration\(walked\)\.(setup|getConnectorSpec|(actions|flows|dataSources|fieldMappings)\.list)$/,
  /^connections\.find$/,
  /^connection\(walked\)\.(get|patch|put)$/,
  /^connection\(walked\)\.(actions|flows|dataSources|fieldMappings)\.list$/,
  /^connection\(walked\)\.action\(whoami\)\.(get|create|run)$/,
  /^connection\(walked\)\.operation\(whoami\)\./,
  /^connection\(walked\)\.proxy\./,
  /^actions\.(find|findAll)$/,
  /^action\([^)]*\)\.get$/,
  new RegExp(`^(${elements})\\.(find|findAll)$`),
  /^(flowRuns|flowInstances|dataSourceInstances|fieldMappingInstances|dataLinkTableInstances|appEventSubscriptions|appDataSchemaInstances|appEvents)\.find$/,
  /^externalEventSubscriptions\(.*\)\.find$/,
]

/** What a client knows of errors (wire contract B.1). */
const types = ['bad_request', 'configuration', 'connection', 'dependency_error', 'concurrency']

/** What the SDKs refuse by themselves, without a request. */
const ownRefusals = /^Error: Cannot create: element already exists$/

function assertClear(outcomes, mustWork) {
  assert.ok(outcomes.length > 150, `only ${outcomes.length} calls were found`)
  const wrong = outcomes.filter(({ name, works, type, message }) => {
    if (works) return false
    if (mustWork.some((pattern) => pattern.test(name))) return true
    if (ownRefusals.test(message)) return false
    const isUnknown = /no such endpoint|does not take/.test(message)
    return !types.includes(type) || isUnknown
  })
  assert.deepEqual(wrong, [])
  for (const pattern of mustWork) assert.ok(outcomes.some(({ name }) => pattern.test(name)), `${pattern} is called`)
}

for (const [name, make] of Object.entries(sdks)) {
  test(`${name}: what a customer calls works, or says why not`, async () => {
    const token = customerToken(`walker-${name}`)
    await connect(environment, present.integration, { apiKey: accepted.apiKey }, token)
    const outcomes = await walk(calls(make(token), present))
    assertClear(outcomes, works)
  })

  test(`${name}: what an administrator calls works, or says why not`, async () => {
    const outcomes = await walk(calls(make(adminToken()), { integration: changed, action: changed }))
    assertClear(outcomes, [
      /^integrations\.find/,
      /^integration\([^)]*\)\.(get|patch|put)$/,
      /^customers\.(find|create)/,
      /^action\([^)]*\)\.(get|put|patch)$/,
    ])
  })

  test(`${name}: what is not there is not found, and ends nothing`, async () => {
    const token = customerToken(`stranger-${name}`)
    const outcomes = await walk(calls(make(token), {}, true))
    assertClear(outcomes, [])
  })

  test(`${name}: the same in a browser, from another origin`, async () => {
    const token = customerToken(`browser-${name}`)
    await connect(environment, present.integration, { apiKey: accepted.apiKey }, token)
    const visit = await newVisit(chromium.browser, environment.uri)
    const asked = new Set()
    visit.context.on('request', (request) => {
      const version = request.headers()['membrane-api-version']
      if (request.url().startsWith(environment.uri)) asked.add(version ?? 'none')
    })
    const page = await visit.context.newPage()
    await page.goto(app.uri)
    await page.addScriptTag({ url: name === '@integration-app/sdk' ? '/sdk.js' : '/membrane.js' })
    const outcomes = await page.evaluate(
      async ({ apiUri, token, present }) => {
        const { calls, walk } = await import('/surface.mjs')
        return walk(calls(new window.IntegrationAppClient({ apiUri, token }), present))
      },
      { apiUri: environment.uri, token, present },
    )
    await visit.context.close()
    assertClear(outcomes, works)
    assert.deepEqual([...asked], [name === '@integration-app/sdk' ? 'none' : '2025-10-21'])
  })
}
