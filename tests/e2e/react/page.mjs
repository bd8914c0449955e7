// Bundles a page that uses one of the React packages.

import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

/** The script of the page `name`, which defines `window.show(element, { api, token })`. */
export async function bundled(name) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`${name}.jsx`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
  return outputFiles[0].contents
}
