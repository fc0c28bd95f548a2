import type { TestProject } from 'vitest/node'
import { ensureBuilt } from '../../scripts/parts/build.mjs'
import { temporaryFolder } from './folders.ts'

/**
 * Before the first test, and before each rerun while somebody watches: the programs in `out/` are made from these sources. Until the
 * last test has ended, what processes of the tests have compiled is kept for the next ones: most of them run for a second and
 * load hundreds of modules.
 */
export default async function buildPrograms(project: TestProject): Promise<() => void> {
  await build()
  project.onTestsRerun(build)
  if (process.env.NODE_COMPILE_CACHE !== undefined) return () => {}
  const compiled = temporaryFolder()
  process.env.NODE_COMPILE_CACHE = compiled.path
  return () => compiled[Symbol.dispose]()
}

async function build(): Promise<void> {
  const code = await ensureBuilt({ quiet: true })
  if (code !== 0) throw new Error(`The tests run the console's programs as built, and the build failed with ${code}.`)
}
