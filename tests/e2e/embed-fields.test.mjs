// Fields of the connect pages that are more than one control: lists of objects, sections, values of several shapes, records
// of the external app. Each with scripts and without.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'

import { newVisit, startChromium } from './chromium.mjs'
import { mapping } from './flows.mjs'
import { adminToken, client, customerToken, http, startEnvironment } from './harness.mjs'
import { looked } from './pages.mjs'

const rows = {
  type: 'object',
  properties: {
    note: { type: 'string', title: 'Note' },
    hosts: {
      type: 'array',
      title: 'Host',
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string', title: 'Name' },
          port: { type: 'integer', title: 'Port' },
          token: { type: 'string', title: 'Token', isSensitive: true },
          paths: { type: 'array', title: 'Path', items: { type: 'object', properties: { path: { type: 'string', title: 'Path prefix' } } } },
        },
      },
    },
  },
}

const sections = {
  type: 'object',
  properties: {
    site: { type: 'string', title: 'Site' },
    user: { type: 'string', title: 'User', section: 'Sign in' },
    region: { type: 'string', title: 'Region', section: 'Place' },
    password: { type: 'string', title: 'Password', isSensitive: true, section: 'Sign in' },
  },
}

const shapes = {
  type: 'object',
  required: ['auth'],
  properties: {
    auth: {
      title: 'How to sign in',
      anyOf: [
        { title: 'With a key', type: 'object', required: ['key'], properties: { key: { type: 'string', title: 'Key' } } },
        { title: 'With a name', type: 'object', required: ['user'], properties: { user: { type: 'string', title: 'User' }, code: { type: 'integer', title: 'Code' } } },
        { title: 'With a number', type: 'integer' },
      ],
    },
    level: { title: 'Level', oneOf: [{ const: 1, title: 'Low' }, { const: 2, title: 'High' }] },
    target: {
      title: 'Target',
      anyOf: [
        { title: 'By number', type: 'integer' },
        { title: 'In words', anyOf: [{ title: 'One', type: 'string' }, { title: 'Several', type: 'object', properties: { first: { type: 'string', title: 'First' }, second: { type: 'string', title: 'Second' } } }] },
      ],
    },
    limit: { title: 'Limit', anyOf: [{ type: 'integer' }, { type: 'null' }] },
  },
}

const records = {
  type: 'object',
  properties: {
    board: { type: 'string', title: 'Board', referenceCollection: { key: 'boards' } },
    people: { type: 'array', title: 'People', items: { type: 'string', referenceCollection: { key: 'people' } } },
  },
}

let environment
let chromium
let visit
before(async () => {
  environment = await startEnvironment()
  chromium = await startChromium()
  const admin = client(environment, adminToken())
  for (const [key, inputSchema] of Object.entries({ rows, sections, shapes, records })) {
    await admin.post('/connectors', { key, name: key, type: 'client-credentials', inputSchema, makeApiClient: mapping({ baseUri: environment.provider.uri }) })
    await admin.integrations.create({ key, name: `The ${key} app`, connectorKey: key })
  }
})
after(async () => {
  await chromium?.stop()
  await environment?.stop()
})
afterEach(async () => {
  await visit.context.close()
  assert.deepEqual(visit.complaints, [], 'the pages run without a word on the console')
})
beforeEach(async () => (visit = await newVisit(chromium.browser, environment.uri)))

const address = (integration, customer) => `${environment.uri}/embed/integrations/${integration}/connect?token=${customerToken(customer)}`

async function open(integration, customer) {
  const page = await visit.context.newPage()
  await page.goto(address(integration, customer))
  return page
}

/** Submits, and what was typed then. */
async function submitted(page, integration, customer) {
  await page.click('.actions button:first-child')
  await page.waitForSelector('h1:has-text("Connected")')
  const { id } = await client(environment, customerToken(customer)).get(`/connections/${integration}`)
  const found = await http(environment, 'GET', `/connections/${id}?includeSecrets=true`, { token: adminToken() })
  return found.json.input ?? found.json.parameters
}

/** Runs `act` in a page with scripts, and in one without. */
function bothWays(name, act) {
  test(name, async () => act(await visit.context.newPage(), 'scripted'))
  test(`${name}, without scripts`, async () => {
    const context = await chromium.browser.newContext({ javaScriptEnabled: false })
    context.setDefaultTimeout(20_000)
    await act(await context.newPage(), 'plain')
    await context.close()
  })
}

bothWays('rows of a list come and go', async (page, customer) => {
  await page.goto(address('rows', customer))
  await page.getByLabel(/^Note/).fill('kept')
  assert.equal(await page.getByLabel('Name').count(), 0)
  const add = page.getByRole('button', { name: 'Add Host' })
  await add.click()
  await page.getByLabel('Name').nth(0).fill('first')
  await page.getByLabel(/^Port/).nth(0).fill('1')
  await add.click()
  await page.getByLabel('Name').nth(1).fill('second')
  await add.click()
  await page.getByLabel('Name').nth(2).fill('third')
  await page.getByLabel(/^Port/).nth(2).fill('3')
  await page.getByRole('button', { name: 'Add Path' }).nth(2).click()
  await page.getByLabel(/^Path prefix/).fill('/a')
  await page.getByRole('button', { name: 'Add Path' }).nth(2).click()
  await page.getByLabel(/^Path prefix/).nth(1).fill('/b')
  await page.getByRole('button', { name: 'Remove Host 2' }).click()
  assert.equal(await page.getByRole('button', { name: 'Remove Host 2' }).count(), 1)
  if (customer === 'scripted') await looked(page, 'rows')
  assert.deepEqual(await submitted(page, 'rows', customer), {
    note: 'kept',
    hosts: [{ name: 'first', port: 1 }, { name: 'third', port: 3, paths: [{ path: '/a' }, { path: '/b' }] }],
  })
})

test('what is wrong in a row is said there, and nothing typed is lost but secrets', async () => {
  const page = await open('rows', 'ann')
  await page.getByRole('button', { name: 'Add Host' }).click()
  await page.getByRole('button', { name: 'Add Host' }).click()
  await page.getByLabel('Name').nth(0).fill('first')
  await page.getByLabel(/^Port/).nth(1).fill('many')
  await page.getByLabel(/^Token/).nth(1).fill('the secret token')
  await page.click('.actions button:first-child')
  await page.waitForSelector('.summary')
  assert.match(await page.textContent('.summary'), /Name is required/)
  assert.equal(await page.getByLabel(/^Port/).nth(1).getAttribute('aria-invalid'), 'true')
  assert.equal(await page.getByLabel('Name').nth(0).inputValue(), 'first')
  assert.doesNotMatch(await page.content(), /the secret token/)
  await page.getByLabel('Name').nth(1).fill('second')
  await page.getByLabel(/^Port/).nth(1).fill('2')
  await page.getByLabel(/^Token/).nth(1).fill('the secret token')
  assert.deepEqual(await submitted(page, 'rows', 'ann'), { hosts: [{ name: 'first' }, { name: 'second', port: 2, token: 'the secret token' }] })
})

test('sections stand together under their heading', async () => {
  const page = await open('sections', 'ben')
  assert.deepEqual(await page.locator('.section > legend').allTextContents(), ['Sign in', 'Place'])
  assert.deepEqual(await page.locator('.section').first().locator('label').allTextContents(), ['User (optional)', 'Password (optional)'])
  await looked(page, 'sections')
  await page.getByLabel(/^Password/).fill('p')
  await page.getByLabel(/^Region/).fill('eu')
  assert.deepEqual(await submitted(page, 'sections', 'ben'), { password: 'p', region: 'eu' })
})

bothWays('one of several shapes is chosen and filled in', async (page, customer) => {
  await page.goto(address('shapes', customer))
  assert.equal(await page.getByLabel('With a key').isChecked(), true)
  assert.equal(await page.getByLabel(/^User/).isVisible(), false)
  await page.getByLabel('With a name').check()
  await page.getByLabel(/^User/).fill('ada')
  await page.getByLabel(/^Code/).fill('7')
  await page.getByLabel(/^Level/).selectOption({ label: 'High' })
  await page.getByLabel(/^Limit/).fill('5')
  if (customer === 'scripted') await looked(page, 'shapes')
  assert.deepEqual(await submitted(page, 'shapes', customer), { auth: { user: 'ada', code: 7 }, level: 2, limit: 5 })
})

test('a shape that is one value, shapes in shapes, and what is left of them after an error', async () => {
  const page = await open('shapes', 'cleo')
  await page.getByRole('radio', { name: 'With a number' }).check()
  const number = page.locator('.shape:has(> .check input:checked) > .inner > .field input').first()
  await number.fill('12')
  await page.getByRole('radio', { name: 'In words' }).check()
  await page.getByRole('radio', { name: 'Several' }).check()
  await page.getByLabel(/^Second/).fill('north')
  await page.getByLabel(/^Limit/).fill('many')
  await page.click('.actions button:first-child')
  await page.waitForSelector('.summary')
  assert.equal(await page.getByRole('radio', { name: 'With a number' }).isChecked(), true)
  assert.equal(await number.inputValue(), '12')
  assert.equal(await page.getByRole('radio', { name: 'Several' }).isChecked(), true)
  assert.equal(await page.getByLabel(/^Second/).inputValue(), 'north')
  await page.getByLabel(/^Limit/).fill('')
  assert.deepEqual(await submitted(page, 'shapes', 'cleo'), { auth: 12, target: { second: 'north' } })
})

test('records that cannot be listed yet are typed, and the page says why', async () => {
  const page = await open('records', 'dora')
  assert.match(await page.textContent('main'), /can only be listed once the account is connected/)
  await looked(page, 'records')
  await page.getByLabel(/^Board/).fill('b-1')
  await page.getByLabel(/^People/).fill('p-1\np-2')
  assert.deepEqual(await submitted(page, 'records', 'dora'), { board: 'b-1', people: ['p-1', 'p-2'] })
})
