// How the pages of the engine look: what axe says of them, and pictures, if SCREENSHOTS names a directory.

import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const axe = await readFile(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const screenshots = process.env.SCREENSHOTS
if (screenshots) await mkdir(screenshots, { recursive: true })

/**
 * No violation of what axe knows of WCAG, in light and dark, at phone and desktop width; a picture of each. `where` is a
 * page, or a frame in one.
 */
export async function looked(where, name) {
  const page = where.page?.() ?? where
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    for (const [size, width] of [['phone', 360], ['desktop', 1100]]) {
      await page.setViewportSize({ width, height: 760 })
      if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${colorScheme}-${size}.png`), fullPage: true })
      const overflow = await where.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(overflow <= 0, `${name} scrolls sideways at ${width}`)
    }
    // Not by a script element, which the page's policy forbids.
    await where.evaluate(axe)
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const { violations } = await where.evaluate((tags) => window.axe.run({ runOnly: tags }), tags)
    const said = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    assert.deepEqual(said, [], `${name}, ${colorScheme}`)
  }
}
