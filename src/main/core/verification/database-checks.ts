import { resolveDatabase, resolveEnv, type Secrets, type SiteDefinition, type Variables } from '#core/config/index.ts'
import type { DatabaseCheck, ProbeAnswer } from '#core/health/index.ts'
import { counted, findingOf } from './findings.ts'
import type { CheckFinding } from './types.ts'

/** How long one database may take. Milliseconds. */
const timeoutMs = 10_000

export interface DatabaseGround {
  readonly definition: SiteDefinition
  readonly variables: Variables
  readonly secrets: Secrets
  readonly ask: DatabaseCheck
}

/** Every database that the site declares lets the console in. */
export async function checkConnections(ground: DatabaseGround, signal: AbortSignal): Promise<CheckFinding> {
  const answers = await askAll(ground, signal)
  const faults = answers.flatMap(({ id, answer }) => (answer.ok ? [] : [`${id}: ${answer.sentence}.`]))
  return findingOf(faults, {
    about: answers.flatMap(({ id, answer }) => (answer.ok ? [] : [`database:${id}`])),
    count: answers.length,
    none: 'The site declares no database.',
    good: answers.map(({ id, answer }) => `${id}: ${answer.sentence}.`).join(' '),
    bad: 'Not all databases can be used',
  })
}

/** Every database that the site declares has tables: one that was just made has none. */
export async function checkSchemas(ground: DatabaseGround, signal: AbortSignal): Promise<CheckFinding> {
  const answers = await askAll(ground, signal)
  const faults = answers.flatMap(({ id, answer }) => {
    const about = `database:${id}`
    if (!answer.ok) return [{ about, sentence: `${id}: its tables cannot be read.` }]
    return /, 0 tables$/.test(answer.sentence)
      ? [{ about, sentence: `${id}: it is empty, there is no table in it.` }]
      : []
  })
  const told = faults.map(({ sentence }) => sentence)
  return findingOf(told, {
    about: faults.map(({ about }) => about),
    count: answers.length,
    none: 'The site declares no database.',
    good: `${counted(answers.length, 'database')} ${answers.length === 1 ? 'has its' : 'have their'} tables.`,
    bad: 'Not all databases have their tables',
  })
}

async function askAll(
  { definition, variables, secrets, ask }: DatabaseGround,
  signal: AbortSignal,
): Promise<readonly { readonly id: string; readonly answer: ProbeAnswer }[]> {
  const services = Object.values(definition.services).filter(({ database, enabled }) => database && enabled)
  return Promise.all(
    services.map(async (service) => {
      const { id, database } = service
      if (!database) throw new Error(`${id} is no database`)
      try {
        const target = resolveDatabase(database, service, definition, variables)
        const check =
          target.engine === 'sqlite'
            ? ({ type: 'sqlite', file: target.file, tables: [] } as const)
            : ({ type: 'postgres', url: target.url, tables: [] } as const)
        const { PGPASSWORD = null } = resolveEnv(service, definition, variables, secrets)
        const answer = await ask(check, { service: id, password: PGPASSWORD }, { timeoutMs, signal })
        return { id, answer }
      } catch (error) {
        return { id, answer: { ok: false, sentence: error instanceof Error ? error.message : String(error), ms: 0 } }
      }
    }),
  )
}
