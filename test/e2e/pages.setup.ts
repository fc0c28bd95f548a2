import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import react from '@vitejs/plugin-react'
import { build } from 'vite'
import type { TestProject } from 'vitest/node'
import { temporaryFolder } from '../support/folders.ts'
import { findProgram } from '../support/needs.ts'
import { pageNonce } from './page-nonce.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of the renderer as built with its scripted console; null on a machine without Chromium. */
    readonly builtPages: string | null
  }
}

/** Builds the renderer with its scripted console once for all specifications of this project (some seconds). */
export default async function buildPages(project: TestProject): Promise<() => void> {
  if (findProgram('chromium') === null) {
    project.provide('builtPages', null)
    return () => {}
  }
  const folder = temporaryFolder()
  const root = join(import.meta.dirname, '../../src/renderer')
  const outDir = join(folder.path, 'page')
  mkdirSync(outDir)
  const pages = async () => {
    await build({
      configFile: false,
      root,
      base: './',
      logLevel: 'error',
      plugins: [react()],
      build: {
        outDir,
        emptyOutDir: true,
        assetsInlineLimit: 0,
        minify: false,
        reportCompressedSize: false,
        rolldownOptions: { input: { index: join(root, 'index.html'), testing: join(root, 'testing/index.html') } },
      },
    })
    const index = join(outDir, 'index.html')
    writeFileSync(index, readFileSync(index, 'utf8').replaceAll('__CSP_NONCE__', pageNonce))
  }
  await pages()
  project.onTestsRerun(pages)
  project.provide('builtPages', outDir)
  return () => folder[Symbol.dispose]()
}
