// npm run dev: the desktop app with the renderer reloaded as its sources change; needs Electron's binary and a display.
import { join } from 'node:path'
import { electronFolder, ensureInstalled, node, projectEnvironment } from './parts/installation.mjs'
import { root, run, say } from './parts/run.mjs'

if (!(await ensureInstalled())) process.exitCode = 1
else if (!electronFolder()) {
  say(
    'npm run dev needs the Electron binary: run npm start once on a machine with a display, or set ELECTRON_OVERRIDE_DIST_PATH.',
  )
  process.exitCode = 1
} else {
  const builder = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  process.exitCode = await run(node, [builder, 'dev', ...process.argv.slice(2)], { env: projectEnvironment() })
}
