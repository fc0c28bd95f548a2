import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Jobs } from '#core/jobs/index.ts'
import type { Snapshot } from './repository/snapshot-file.ts'

/** Jobs that are looked through for where somebody exported to last. */
const looked = 100

export interface ExportPlacePorts {
  readonly site: { readonly id: string; readonly zone: string }
  readonly jobs: Pick<Jobs, 'ofArea'>
  /** The console's own folder for exports; null: it has none. */
  readonly exports: string | null
}

/**
 * Where an export or another folder is suggested: beside the last one that came out, else in the console's own folder for that. The name
 * tells the site and when the snapshot was taken, and is not taken yet. Null where nothing is known.
 */
export function suggestedPlace(kind: 'export' | 'into', snapshot: Snapshot, ports: ExportPlacePorts): string | null {
  const input = kind === 'export' ? 'file' : 'folder'
  const last = ports.jobs
    .ofArea('backup', looked)
    .find(({ view, input: given }) => view.kind === `backup.${kind}` && view.state === 'completed' && input in given)
  const before = last && typeof last.input[input] === 'string' ? dirname(last.input[input]) : null
  const folder = before !== null && existsSync(before) ? before : ports.exports
  if (folder === null) return null
  const name = `${ports.site.id}-${stampOf(snapshot.at, ports.site.zone)}`
  const ending = kind === 'export' ? '.tar.gz' : ''
  for (let nth = 1; nth < 100; nth++) {
    const place = join(folder, `${name}${nth === 1 ? '' : `-${nth}`}${ending}`)
    if (!existsSync(place)) return place
  }
  return null
}

/** Makes the console's own folder for exports when something is to be written into it. */
export async function makeExportsFolder(place: string, exports: string | null): Promise<void> {
  if (exports !== null && dirname(place) === exports) await mkdir(exports, { recursive: true, mode: 0o700 })
}

/** "2026-11-28-0035", in the site's zone. */
function stampOf(at: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}-${part('hour')}${part('minute')}`
}
