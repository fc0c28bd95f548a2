// npm run check: types, lint and format.
import { join } from 'node:path'
import { ensureInstalled, node, programs, projectEnvironment } from './parts/installation.mjs'
import { run } from './parts/run.mjs'

if (await ensureInstalled()) {
  const env = projectEnvironment()
  const types = await run(node, [join(programs, 'tsc'), '-p', '.'], { env })
  const lint = await run(join(programs, 'biome'), ['ci', ...(process.stdout.isTTY ? [] : ['--colors=off']), '.'], {
    env,
  })
  process.exitCode = types || lint
} else process.exitCode = 1
