// npm run soak -- NAME [--rounds N] [--seed N]: runs one long proof of test/soak/ on Node 24.
import { join } from 'node:path'
import { ensureInstalled, node, projectEnvironment } from './parts/installation.mjs'
import { root, run } from './parts/run.mjs'

process.exitCode = (await ensureInstalled())
  ? await run(node, [join(root, 'test', 'soak', 'frame.ts'), ...process.argv.slice(2)], { env: projectEnvironment() })
  : 1
