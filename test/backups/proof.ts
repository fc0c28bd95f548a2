import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Runtime } from '#core/platform/index.ts'
import { type BackupRig, openBackupRig } from '../support/backup-rig.ts'
import { differences, type ListedEntry, listTree } from '../support/tree-listing.ts'
import type { ActEnding } from './act-process.ts'
import type { Place } from './acts.ts'
import { lookIntoRepository, type RepositoryLook, snapshotDifferences } from './repository-look.ts'

export type Listing = ReadonlyMap<string, ListedEntry>

export interface ProofOptions {
  readonly place: Place
  readonly runtime: Runtime
  readonly ending: ActEnding
  /** What the site may look like, by name. */
  readonly states: Readonly<Record<string, Listing>>
  /** Which of them it may be in, when the act ended with an answer and when it did not. */
  readonly mayBe: readonly string[]
  /** What snapshots must hold that were acknowledged before, by id. */
  readonly acknowledged: ReadonlyMap<string, Listing>
  /** A fault may cost a folder the time of its last change where something was carried over into it. */
  readonly faulty: boolean
  /** The disk is one that a power cut was simulated on: it knows nothing of rights, owners, times and pipes. */
  readonly powerCut?: boolean
}

/**
 * Opens the site as the next console would after the fault, on a disk that works, and says what is wrong, in sentences; none when all
 * is well: the site is in one of its states, every snapshot listed is whole and those acknowledged are there with their content,
 * nothing is left over, the next backup is good.
 */
export async function prove(options: ProofOptions): Promise<readonly string[]> {
  const { place, runtime, ending } = options
  const problems: string[] = []
  try {
    await using rig = await openBackupRig({ ...place, runtime })
    const told = await rig.backups.recover(rig.jobs.interrupted)
    const sentences = [...told, ...(typeof ending === 'string' ? [] : ending.sentences)]
    problems.push(...sentences.flatMap(complaint))
    if (typeof ending !== 'string') problems.push(...ending.uncaught.map((error) => `nobody took: ${error}`))
    problems.push(...siteProblems(options), ...leftovers(place.site, sentences).filter((left) => !isOwn(left, options)))
    problems.push(...repositoryProblems({ ...options, found: lookIntoRepository(place.folder) }))
    problems.push(...(await goesOn(rig, place)))
  } catch (error) {
    problems.push(`It does not go on: ${error instanceof Error ? error.stack : String(error)}`)
  }
  return problems
}

function siteProblems({ place, states, mayBe, faulty, powerCut = false }: ProofOptions): readonly string[] {
  const seen = powerCut ? withoutDress : (listing: Listing) => listing
  const found = seen(listTree(place.site))
  const apart = mayBe.map((name) => siteDifferences(seen(states[name] ?? new Map()), found, faulty))
  if (apart.some((list) => list.length === 0)) return []
  return mayBe.map((name, at) => `the site is not as ${name}: ${apart[at]?.slice(0, 4).join('; ')}`)
}

/** Names, types and content alone. */
function withoutDress(listing: Listing): Listing {
  const dress = { mode: '', owner: '', mtime: 0n, links: '' }
  return new Map([...listing].flatMap(([path, entry]) => (entry.type === 'p' ? [] : [[path, { ...entry, ...dress }]])))
}

/** SQLite's own files beside a database, and the time of the folder that it makes them in, do not count. */
export function siteDifferences(expected: Listing, found: Listing, faulty = false): readonly string[] {
  const without = (listing: Listing) => new Map([...listing].filter(([path]) => !/-(wal|shm|journal)$/.test(path)))
  const [a, b] = [without(expected), without(found)]
  const excused = faulty ? /^"[^"]*\/(data|uploads)": mtime/ : /^"[^"]*\/data": mtime/
  return differences(a, b).filter((line) => !excused.test(line))
}

export function leftovers(site: string, sentences: readonly string[]): readonly string[] {
  return ['staging', 'swap', 'quarantine'].flatMap((name) => {
    const folder = join(site, '.wheelhouse', name)
    const left = existsSync(folder) ? readdirSync(folder) : []
    if (name === 'quarantine' && sentences.some((sentence) => sentence.includes('set aside'))) return []
    return left.map((entry) => `${name}/${entry} is left over`)
  })
}

/** A log of the console's own databases that a power cut tore is kept, see test/faults. */
function isOwn(left: string, { powerCut = false }: ProofOptions): boolean {
  return powerCut && /^quarantine\/[^/]*-(control|messages)-log is left over$/.test(left)
}

export function repositoryProblems({
  found,
  acknowledged,
}: Pick<ProofOptions, 'acknowledged'> & { readonly found: RepositoryLook }): readonly string[] {
  const { snapshots, problems } = found
  const lost = [...acknowledged].flatMap(([id, listing]) => {
    const snapshot = snapshots.get(id)
    if (!snapshot) return [`the snapshot ${id} was acknowledged and is not there`]
    return snapshotDifferences(snapshot, listing).map((line) => `${id}: ${line}`)
  })
  return [...problems, ...lost.slice(0, 4)]
}

/** Whatever the fault left, the next backup is good, holds the site as it is, and tidies up after the one before. */
async function goesOn(rig: BackupRig, place: Place): Promise<readonly string[]> {
  const id = await rig.backUp()
  const view = rig.backups.snapshots().find((snapshot) => snapshot.id === id)
  const { snapshots, problems, leftovers: temporary } = lookIntoRepository(place.folder)
  const snapshot = snapshots.get(id)
  return [
    ...problems.map((problem) => `after the next backup: ${problem}`),
    ...(view?.verified?.ok && !view.partial ? [] : [`the next backup is not good: ${JSON.stringify(view)}`]),
    ...(snapshot ? snapshotDifferences(snapshot, listTree(place.site)) : ['the next backup is not there']),
    ...temporary.map((name) => `${name} is left over after the next backup`),
  ]
}

/** What an operator is told must be a sentence, and hold nothing that only a programmer understands. */
export function complaint(sentence: string): readonly string[] {
  const wrong =
    (!/^"?\p{Lu}/u.test(sentence) && 'it does not begin as a sentence') ||
    (!/[.!]$/.test(sentence) && 'it does not end as a sentence') ||
    (/undefined|\[object|NaN|\bat \S+:\d+:\d+|TypeError|ZodError|"code":/.test(sentence) && 'it is for programmers') ||
    (/helper could not go on/.test(sentence) && 'it says nothing that a technician could use')
  return wrong ? [`told: ${JSON.stringify(sentence)}: ${wrong}`] : []
}
