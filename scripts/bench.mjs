// npm run bench -- NAME [--peer NAME]: runs one benchmark of bench/ on Node 24, beside what is built of these sources.
import { join } from 'node:path'
import { ensureBuilt } from './parts/build.mjs'
import { ensureInstalled, node, projectEnvironment } from './parts/installation.mjs'
import { root, run } from './parts/run.mjs'

process.exitCode = (await ready())
  ? await run(node, [join(root, 'bench', 'frame.ts'), ...process.argv.slice(2)], { env: projectEnvironment() })
  : 1

async function ready() {
  return (await ensureInstalled()) && (await ensureBuilt()) === 0
}
