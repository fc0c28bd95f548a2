// npm run build: builds both hosts, the command line, the preload and the renderer into out/.
import { build } from './parts/build.mjs'
import { ensureInstalled } from './parts/installation.mjs'

process.exitCode = (await ensureInstalled()) ? await build() : 1
