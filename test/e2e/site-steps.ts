import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import type { ServiceView, SiteView } from '#shared/contract/state.ts'
import type { EventRecord } from '#shared/vocabulary.ts'
import { until } from '../support/until.ts'
import { type Home, wheelhouse, wheelhouseJson } from './desk.ts'
import { processesOf } from './site-processes.ts'

export interface Consultation {
  readonly id: number
}

export interface SnapshotRow {
  readonly id: string
  readonly kind: string
  readonly databases: number
  readonly verified: { readonly ok: boolean } | null
}

/** A service that takes for ever to be ready, so that "while services still start" lasts as long as the test looks. */
export async function addSlowService(home: Home): Promise<void> {
  const file = join(home.site, 'site.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replace(
      '\nservices:\n',
      `\nservices:\n  slow:\n    kind: process\n    run: [sleep, "86400"]\n    optional: true\n    startup: { tcp: "127.0.0.1:1", every: 1s, within: 1d }\n`,
    ),
  )
}

export async function services(home: Home): Promise<readonly ServiceView[]> {
  return (await wheelhouseJson<{ services: ServiceView[] }>(home, ['status'])).services
}

export async function events(home: Home, args: readonly string[]): Promise<readonly EventRecord[]> {
  return (await wheelhouseJson<{ events: EventRecord[] }>(home, ['events', '--limit', '500', ...args])).events
}

export async function allHealthy(home: Home): Promise<boolean> {
  const { code, out } = await wheelhouse(home, ['status', '--json'])
  if (code !== 0) return false
  const { services }: { services: ServiceView[] } = JSON.parse(out)
  return services.every(({ health }) => health === 'healthy')
}

/** Nothing is on its way any more: every service runs, has failed, or waits for one that has. */
export async function settled(home: Home): Promise<void> {
  let last = ''
  const rest = ['running', 'starting', 'failed', 'waiting', 'backing-off']
  await until('the site to come to rest', async () => {
    const { code, out, err } = await wheelhouse(home, ['status', '--json'])
    last = `${out}${err}`
    if (code !== 0) return false
    const { services }: { services: ServiceView[] } = JSON.parse(out)
    return services.every(({ state }) => rest.includes(state))
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; last told: ${last}`)
  })
}

/** Whatever a restore that was cut short left: the site serves again afterwards, by itself or by one more restore. */
export async function serving(home: Home): Promise<void> {
  if (!existsSync(join(home.site, 'data/consultease.db'))) {
    const { code, out, err } = await wheelhouse(home, ['restore', '--yes'])
    if (code !== 0) throw new Error(`The second restore failed: ${err || out}`)
  }
  await until('the api answers', () => answers(home.ports.api))
  await until('everything healthy', () => allHealthy(home))
}

export async function configValid(home: Home): Promise<boolean> {
  const { site } = await wheelhouseJson<{ site: SiteView }>(home, ['status'])
  return site.config.valid
}

export async function running(home: Home): Promise<readonly { readonly service: string; readonly pid: number }[]> {
  return processesOf(home.site)
}

export async function onlyOnce(home: Home): Promise<void> {
  const names = (await running(home)).map(({ service }) => service)
  expect(names).toEqual([...new Set(names)])
}

export async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

export async function consultations(home: Home): Promise<readonly Consultation[]> {
  const answer = await fetch(`http://127.0.0.1:${home.ports.api}/api/consultations?limit=500`)
  return (await answer.json()) as Consultation[]
}

export async function journalOf(home: Home): Promise<{ readonly rows: readonly { readonly payload: string }[] }> {
  const { default: Database } = await import('better-sqlite3')
  const database = new Database(join(home.site, '.wheelhouse/messages.db'), { readonly: true })
  try {
    return {
      rows: database
        .prepare<[], { payload: string }>(
          'SELECT CAST(payload AS TEXT) AS payload FROM journal ORDER BY rowid DESC LIMIT 500',
        )
        .all(),
    }
  } finally {
    database.close()
  }
}

export async function backUp(home: Home): Promise<void> {
  const { code, out, err } = await wheelhouse(home, ['backup'])
  if (code !== 0) throw new Error(`The backup failed: ${err || out}`)
}

/** Deletes the site's database and its services' code, while they run. */
export async function destroy(home: Home): Promise<void> {
  for (const name of await readdir(join(home.site, 'data'))) {
    if (name.startsWith('consultease.db')) await rm(join(home.site, 'data', name))
  }
  for (const release of await readdir(join(home.site, 'releases'))) {
    await rm(join(home.site, 'releases', release, 'services'), { recursive: true, force: true })
  }
}

export async function codeFiles(home: Home): Promise<readonly string[]> {
  const all = await readdir(join(home.site, 'releases'), { recursive: true })
  return all.filter((name) => name.includes('services/'))
}

/** What a restore must not leave in the site: staging, old entries, journals of swaps. */
export async function leftovers(home: Home): Promise<readonly string[]> {
  const found: string[] = []
  for (const name of ['staging', 'swap']) {
    const entries = await readdir(join(home.site, '.wheelhouse', name)).catch(() => [])
    found.push(...entries.map((entry) => `${name}/${entry}`))
  }
  return found
}

export async function publishFromOutside(home: Home, topic: string, payload: string): Promise<void> {
  await promisify(execFile)('mosquitto_pub', [
    '-h',
    '127.0.0.1',
    '-p',
    String(home.ports.mqtt),
    '-t',
    topic,
    '-m',
    payload,
    '-q',
    '1',
  ])
}

export function leadsTo(effect: EventRecord, root: EventRecord, all: readonly EventRecord[]): boolean {
  for (let event: EventRecord | undefined = effect; event; ) {
    if (event.id === root.id) return true
    const cause: EventRecord['cause'] = event.cause
    event = cause.type === 'event' ? all.find(({ id }) => id === cause.id) : undefined
  }
  return false
}
