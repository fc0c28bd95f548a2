// Builds the hosts, the preload and the renderer into out/, when something changed. Runs on Node 20 once packages are installed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { node, projectEnvironment } from './installation.mjs'
import { root, run, say } from './run.mjs'

const stamp = join(root, 'out', '.built-from')

/** Builds when `out/` is missing or was made from other sources; says so. Resolves with the exit code of the build. */
export async function ensureBuilt({ quiet = false } = {}) {
  const sources = fingerprint()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return 0
  if (!quiet) say(existsSync(stamp) ? 'The sources have changed: building.' : 'Nothing is built yet: building.')
  return build(sources)
}

/** Builds, whatever is there. Resolves with the exit code. */
export async function build(sources = fingerprint()) {
  const builder = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const code = await run(node, [builder, 'build', '--logLevel', 'warn'], { env: projectEnvironment() })
  if (code === 0) {
    mkdirSync(join(root, 'out'), { recursive: true })
    writeFileSync(stamp, sources)
  }
  return code
}

/** Names the state of everything that goes into a build: paths, sizes and times of change. */
function fingerprint() {
  const hash = createHash('sha256')
  const note = (path) => {
    const { mtimeMs, size } = statSync(join(root, path))
    hash.update(`${path}\0${size}\0${mtimeMs}\n`)
  }
  const walk = (folder) => {
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile() && !/\.spec\.tsx?$/.test(entry.name)) note(path)
    }
  }
  walk('src')
  for (const file of [
    'electron.vite.config.ts',
    'scripts/electron-wall.ts',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
  ]) {
    if (existsSync(join(root, file))) note(file)
  }
  return hash.digest('hex')
}
