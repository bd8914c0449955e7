// examples/embedding as a reader of the guide starts it: one command, then the app in a real Chromium, in all three ways.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir } from 'node:fs/promises'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { newVisit, startChromium } from './chromium.mjs'

const example = new URL('../../examples/embedding/', import.meta.url)

let app
let chromium
let visit
before(async () => {
  app = await start()
  chromium = await startChromium()
})
after(async () => {
  await chromium?.stop()
  await app?.stop()
})
beforeEach(async () => {
  visit = await newVisit(chromium.browser, app.url)
})
afterEach(async () => {
  await visit.context.close()
  assert.deepEqual(visit.complaints, [], 'the pages run without a word on the console')
})

/** The example with its demo, on a port of its own. */
async function start() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('start.mjs', example))], {
    env: { ...process.env, AUTHBRIDGE_BIN: process.env.AUTHBRIDGE_BIN, AUTHBRIDGE_URL: '', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let said = ''
  for await (const piece of child.stdout.setEncoding('utf8')) {
    said += piece
    const [, url] = /The app is at (\S+)/.exec(said) ?? []
    if (url) {
      child.stdout.resume()
      const stop = async () => {
        child.kill()
        await ended
      }
      return { url, stop }
    }
  }
  throw new Error(`the example ended: ${said}`)
}

const row = (page, key) => page.locator(`[data-key=${key}]`)

/** Connects by `fill`ing in what the demo says, asks the other API who one is there, and disconnects. */
async function lived(page, key, fill) {
  await row(page, key).getByRole('button', { name: 'Connect' }).click()
  await fill().catch(async (error) => {
    const frames = await Promise.all(page.frames().map((frame) => frame.locator('body').innerText()))
    throw new Error(`${error.message}\n${frames.join('\n--- ')}`)
  })
  await row(page, key).getByText('Connected').waitFor()
  await row(page, key).getByRole('button', { name: 'Who am I there?' }).click()
  await page.locator('output', { hasText: '"id": "ada"' }).waitFor()
  await row(page, key).getByRole('button', { name: 'Disconnect' }).click()
  await row(page, key).getByRole('button', { name: 'Connect' }).waitFor()
}

async function typed(form) {
  await form.getByLabel('API key').fill('simulated-api-key')
  await form.locator('.actions button').first().click()
}

const framed = (page) => page.frameLocator('#__integration-app-popup')

test('without a library an account is connected in a window of its own', async () => {
  const page = await visit.context.newPage()
  await page.goto(`${app.url}/plain.html`)
  const popup = page.waitForEvent('popup')
  await lived(page, 'api-key', async () => typed(await popup))
})

test('with the SDK an account is connected in a frame', async () => {
  const page = await visit.context.newPage()
  await page.goto(`${app.url}/sdk.html`)
  await lived(page, 'api-key', () => typed(framed(page)))
})

test('with the SDK all integrations are on one page', async () => {
  const page = await visit.context.newPage()
  await page.goto(`${app.url}/sdk.html`)
  await page.getByRole('button', { name: 'All integrations on one page' }).click()
  await framed(page).getByRole('button', { name: 'Connect: User and password' }).click()
  await framed(page).getByRole('textbox', { name: 'User' }).fill('ada')
  await framed(page).getByLabel('Password').fill('simulated-password')
  await framed(page).locator('.actions button').first().click()
  await framed(page).getByText('User and password: Connected').waitFor()
  await framed(page).getByRole('button', { name: 'Close' }).click()
  await row(page, 'basic').getByText('Connected').waitFor()
})

test('with React an account is connected in a frame', async () => {
  const page = await visit.context.newPage()
  await page.goto(`${app.url}/react.html`)
  await lived(page, 'api-key', () => typed(framed(page)))
})

test('the guide shows the code of the example', async () => {
  const guide = await readFile(new URL('../../docs/guides/embed-in-your-app.md', import.meta.url), 'utf8')
  const names = (await readdir(new URL('public/', example))).map((name) => `public/${name}`)
  const files = await Promise.all(['app.mjs', ...names].map((name) => readFile(new URL(name, example), 'utf8')))
  const plain = (text) => text.replace(/\s+/g, ' ').trim()
  const code = files.map(plain)
  const blocks = [...guide.matchAll(/```jsx?\n([^]*?)```/g)].map(([, block]) => plain(block))
  assert.ok(blocks.length >= 4)
  for (const block of blocks) assert.ok(code.some((file) => file.includes(block)), block)
})
