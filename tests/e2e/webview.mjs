// A web view: WPE WebKit, as embedded devices have it, without a display. It has no tabs and opens no windows, and its
// engine is that of Safari. We drive it by the protocol of the W3C (https://www.w3.org/TR/webdriver2/).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { freePort } from './harness.mjs'

/** How long something may take to show up, and how often we look, in milliseconds. */
const [patience, rhythm] = [20_000, 50]

/** What WebDriver calls an element in JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

const driverBin = process.env.WEBVIEW_DRIVER ?? '/usr/bin/WPEWebDriver'
const viewBin = process.env.WEBVIEW_BIN ?? '/usr/bin/cog'

/** Why there is no web view here, if so. CI installs it; not every system has it. */
export const obstacle = [driverBin, viewBin].every((path) => existsSync(path)) ? undefined : 'it needs WPE WebKit: cog and WPEWebDriver'

/** Starts a web view; `stop()` ends it. */
export async function startWebView() {
  const [port, runtime] = [await freePort(), await mkdtemp(join(tmpdir(), 'authbridge-webview-'))]
  const driver = spawn(driverBin, [`--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore',
    // A group of its own: the view that it starts would outlive it.
    detached: true,
    env: { ...process.env, XDG_RUNTIME_DIR: runtime, LANG: 'C.UTF-8' },
  })
  const kill = () => {
    try {
      process.kill(-driver.pid, 'SIGKILL')
    } catch {
      // All of them ended by themselves.
    }
  }
  process.once('exit', kill)
  const gone = once(driver, 'exit')
  const call = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) })
    const { value } = await response.json()
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${value.error}: ${value.message}`), { code: value.error })
    return value
  }
  await until(() => call('GET', '/status').then(({ ready }) => ready, () => false), 'the driver')
  const browser = { binary: viewBin, args: ['--platform=headless', '--automation'] }
  const { sessionId } = await call('POST', '/session', { capabilities: { alwaysMatch: { 'wpe:browserOptions': browser } } })
  const stop = async () => {
    await call('DELETE', `/session/${sessionId}`).catch(() => {})
    kill()
    await gone
    await rm(runtime, { recursive: true, force: true })
  }
  return { ...view((method, path, body) => call(method, `/session/${sessionId}${path}`, body)), stop }
}

/** What a test does with a page. */
function view(call) {
  const found = (selector) => call('POST', '/elements', { using: 'css selector', value: selector })
  /** The first element of this selector, as soon as there is one. */
  const element = async (selector) => {
    let first
    await until(async () => ([first] = await found(selector)).length, async () => `${selector} in ${await page.text()}`)
    return first[ELEMENT]
  }
  const page = {
    open: async (url) => {
      await call('POST', '/url', { url })
      await until(() => page.run(() => document.readyState === 'complete'), `the page ${url}`)
    },
    url: () => call('GET', '/url'),
    text: () => page.run(() => `${location.href}: ${document.body?.innerText}`),
    back: () => call('POST', '/back', {}),
    /** Goes on in a frame; without a selector, in the page. */
    frame: async (selector) => call('POST', '/frame', { id: selector ? { [ELEMENT]: await element(selector) } : null }),
    /** Runs `fn` in the page, and gives what it returns. */
    run: (fn, ...args) => call('POST', '/execute/sync', { script: `return (${fn})(...arguments)`, args }),
    /** Waits for an element whose text has `text` in it. */
    shown: (selector, text = '') => {
      const isShown = (selector, text) => [...document.querySelectorAll(selector)].some((each) => each.offsetParent && each.textContent.includes(text))
      // Nothing can be asked of a page that is about to go.
      const look = () => page.run(isShown, selector, text).catch(() => false)
      return until(look, async () => `${selector} “${text}” in ${await page.text()}`)
    },
    /** Waits until the address matches `pattern`. */
    at: (pattern) => until(async () => pattern.test(await page.url()), async () => `${pattern}, not ${await page.url()}`),
    fill: async (selector, text) => {
      const id = await element(selector)
      await call('POST', `/element/${id}/clear`, {})
      await call('POST', `/element/${id}/value`, { text })
    },
    click: async (selector) => call('POST', `/element/${await element(selector)}/click`, {}),
  }
  return page
}

/** Waits until `give` gives something. */
export async function waited(give) {
  let given
  await until(async () => (given = await give().catch(() => undefined)), String(give))
  return given
}

/** Waits until `is` gives true. */
async function until(is, what) {
  const end = Date.now() + patience
  while (!(await is())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${typeof what === 'string' ? what : await what()}`)
    await pause(rhythm)
  }
}
