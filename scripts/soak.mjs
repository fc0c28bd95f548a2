// npm run soak -- NAME [--rounds N] [--seed N]: runs one long proof of test/soak/ on Node 24, beside what is built of these sources.
import { join } from 'node:path'
import { ensureBuilt } from './parts/build.mjs'
import { ensureInstalled, node, projectEnvironment } from './parts/installation.mjs'
import { root, run } from './parts/run.mjs'

process.exitCode = (await ready())
  ? await run(node, [join(root, 'test', 'soak', 'frame.ts'), ...process.argv.slice(2)], { env: projectEnvironment() })
  : 1

async function ready() {
  return (await ensureInstalled()) && (await ensureBuilt()) === 0
}
