import { existsSync } from 'node:fs'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'electron-vite'
import { electronWall } from './scripts/electron-wall.ts'
import { lateHttp } from './scripts/late-http.ts'
import { plainChunks } from './scripts/plain-chunks.ts'
import { programs } from './src/main/core/platform/programs.ts'

const root = import.meta.dirname

/** Entry name → source. What has not been written yet is left out, so that the rest can be built. */
function entries(candidates: Record<string, string>): Record<string, string> {
  const present = Object.entries(candidates)
    .map(([name, path]) => [name, join(root, path)] as const)
    .filter(([, path]) => existsSync(path))
  return Object.fromEntries(present)
}

/** Everything that runs on Node: both hosts, the command line, and the programs in threads and helper processes. */
const mainEntries = entries({
  index: 'src/main/index.ts',
  headless: 'src/main/headless/index.ts',
  cli: 'src/main/cli/index.ts',
  ...Object.fromEntries(Object.entries(programs).map(([name, path]) => [name, `src/main/core/${path}.ts`])),
})

const main: UserConfig['main'] = {
  plugins: [electronWall(root), lateHttp(), plainChunks()],
  build: {
    outDir: 'out/main',
    // Dependencies stay outside: native modules must, and one copy serves every program. Zod is in all of them from their
    // first line on, and in a hundred files of its own it takes a helper a third of its start.
    externalizeDeps: { exclude: ['zod'] },
    sourcemap: true,
    rolldownOptions: {
      input: mainEntries,
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
    },
  },
}

/** One CommonJS file with nothing outside it: a sandboxed preload can neither be a module nor load one. */
const preload: UserConfig['preload'] = {
  build: {
    outDir: 'out/preload',
    externalizeDeps: false,
    sourcemap: false,
    rolldownOptions: {
      input: entries({ index: 'src/preload/index.ts' }),
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
}

const renderer: UserConfig['renderer'] = {
  root: 'src/renderer',
  plugins: [react()],
  build: {
    outDir: 'out/renderer',
    // The page runs in Electron's Chromium and in the browser of whoever opens the headless host.
    target: 'es2023',
    minify: true,
    // The page's own policy allows no data: addresses, so nothing is inlined.
    assetsInlineLimit: 0,
    rolldownOptions: { input: entries({ index: 'src/renderer/index.html' }) },
  },
}

export default defineConfig({
  ...(Object.keys(mainEntries).length > 0 && { main }),
  ...(existsSync(join(root, 'src/preload/index.ts')) && { preload }),
  ...(existsSync(join(root, 'src/renderer/index.html')) && { renderer }),
})
