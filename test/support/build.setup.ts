import type { TestProject } from 'vitest/node'
import { ensureBuilt } from '../../scripts/parts/build.mjs'

/** Before the first test, and before each rerun while somebody watches: the programs in `out/` are made from these sources. */
export default async function buildPrograms(project: TestProject): Promise<void> {
  await build()
  project.onTestsRerun(build)
}

async function build(): Promise<void> {
  const code = await ensureBuilt({ quiet: true })
  if (code !== 0) throw new Error(`The tests run the console's programs as built, and the build failed with ${code}.`)
}
