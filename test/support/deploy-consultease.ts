import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RehearsalRig } from './rehearsal-rig.ts'
import { makeConsultEase, operator } from './rehearsal-rig.ts'
import { until } from './until.ts'

const shipped = join(import.meta.dirname, '../../resources/sites/consultease/release')

/** The site's own test: consultations are answered, and none of them is ruined. */
const ownTest = `const answer = await fetch(process.argv[2] + 'api/consultations?limit=50')
const all = await answer.json()
if (all.length === 0) { console.log('there are no consultations'); process.exit(1) }
if (all.some(({ topic }) => topic === 'ruined')) { console.log('consultations are ruined'); process.exit(1) }
`

/** The ConsultEase sample with rules of deploys: a test of its own, no crash forgiven, a probation that does not end by itself here. */
export async function makeDeployedConsultEase(directory: string): Promise<void> {
  await makeConsultEase(
    directory,
    (yaml) => `${yaml}
deploy:
  probation: 1h
  attempts: 0
  tests:
    consultations: { run: [tests/own.mjs, "http://127.0.0.1:\${services.api.ports.http}/"], within: 1m }
`,
  )
}

/** A source beside the site: the shipped release with the test, and these changes of its files. */
export function makeSource(
  folder: string,
  name: string,
  changes: Readonly<Record<string, (text: string) => string>> = {},
): string {
  const source = join(folder, name)
  cpSync(shipped, source, { recursive: true })
  mkdirSync(join(source, 'tests'))
  writeFileSync(join(source, 'tests', 'own.mjs'), ownTest)
  writeFileSync(join(source, 'NAME'), name)
  for (const [file, change] of Object.entries(changes)) {
    const text = readFileSync(join(source, file), 'utf8')
    const changed = change(text)
    if (changed === text) throw new Error(`${file} of ${name} is as it was`)
    writeFileSync(join(source, file), changed)
  }
  return source
}

/** Brings a source in and begins to deploy it; resolves with the deploy's id and the release's. */
export async function beginDeploy({ site }: RehearsalRig, folder: string) {
  const source = { kind: 'folder', folder } as const
  const prepared = await site.deploys.prepare({ source, unproven: false, note: '', cause: operator })
  const brought = await site.jobs.finished(prepared.job)
  if (brought.state !== 'completed') throw new Error(brought.message ?? 'it was not brought in')
  const release = String(brought.data.release)
  const { job } = await site.deploys.begin({ release, fingerprint: null, trust: null, cause: operator })
  return { job, release }
}

/** Waits until the deploy is in one of these phases; resolves with how it is shown then. */
export async function reaches({ site }: RehearsalRig, deploy: string, ...phases: readonly string[]) {
  return await until(
    `${deploy} to be ${phases.join(' or ')}`,
    () => {
      const found = site.deploys.history().find(({ id }) => id === deploy)
      return found && phases.includes(found.phase) && found
    },
    240_000,
  )
}
