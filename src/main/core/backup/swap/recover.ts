import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, type CrashPoints, type Logger, newId } from '#core/platform/index.ts'
import type { DatabaseSwap } from '../postgres/swap-databases.ts'
import type { Storage } from '../repository/storage.ts'
import { finishSwap, removeUndone } from './finish.ts'
import { namesIn, readJournals, type SwapFolders, type SwapJournal } from './journal.ts'
import { removeEmpty } from './moves.ts'
import { assertCanGoBack, assertRealPlaces, canGoForward, swapBack, swapForward } from './swap.ts'

/** What became of a restore that an earlier run of the console did not finish. */
export interface RecoveredSwap {
  readonly journal: SwapJournal
  readonly how: 'finished' | 'undone' | 'stuck'
  readonly setAside: string | null
  /** For a swap that is stuck: the system's reason. Its record stays, and the next opening tries again. */
  readonly reason: string | null
}

export interface RecoveredSwaps {
  readonly swaps: readonly RecoveredSwap[]
  /** Left-overs without a record, moved to quarantine. */
  readonly setAside: readonly string[]
}

export interface RecoverPorts {
  readonly storage: Storage
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  readonly databases: DatabaseSwap
  remove(path: string): Promise<unknown>
}

/**
 * Brings every swap that was in flight to an end: forward when its new entries are all there, else back. Then sweeps what
 * was staged. Resolves with what was done, and with the names of leftovers that had no record and were set aside.
 */
export async function recoverSwaps(folders: SwapFolders, ports: RecoverPorts): Promise<RecoveredSwaps> {
  const { journals, strange } = await readJournals(folders)
  const swaps: RecoveredSwap[] = []
  for (const journal of journals) {
    try {
      swaps.push(await recoverSwap(folders, journal, ports))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      swaps.push({ journal, how: 'stuck', setAside: null, reason })
    }
  }
  const stuck = swaps.flatMap(({ journal, how }) => (how === 'stuck' ? [journal.job] : []))
  for (const name of await namesIn(folders.staging)) {
    if (!stuck.includes(name)) await ports.remove(join(folders.staging, name))
  }
  const setAside: string[] = []
  for (const name of await namesIn(folders.swap)) {
    if (stuck.some((job) => name === `${job}.json` || name === `${job}.old`)) continue
    if (name.startsWith('.tmp-')) await rm(join(folders.swap, name), { force: true })
    else if (!(await removeEmpty(join(folders.swap, name)))) {
      await mkdir(folders.quarantine, { recursive: true, mode: 0o700 })
      const place = join(folders.quarantine, `${name}-${newId('q')}`)
      await rename(join(folders.swap, name), place)
      setAside.push(place)
    }
  }
  for (const name of strange) ports.logger.warn('A restore record could not be understood and was set aside.', { name })
  return { swaps, setAside }
}

async function recoverSwap(folders: SwapFolders, journal: SwapJournal, ports: RecoverPorts): Promise<RecoveredSwap> {
  await assertRealPlaces(folders, journal)
  if (
    journal.state === 'undoing' ||
    (journal.state === 'swapping' && !(await canGoForward(folders, journal, ports.databases)))
  ) {
    await assertCanGoBack(folders, journal)
    await swapBack(folders, journal, ports.crashPoints, ports.databases)
    await removeUndone(folders, journal, ports.remove)
    return { journal, how: 'undone', setAside: null, reason: null }
  }
  const swapped =
    journal.state === 'swapped' ? journal : await swapForward(folders, journal, ports.crashPoints, ports.databases)
  const setAside = await finishSwap(folders, swapped, ports.storage, ports, ports.remove)
  return { journal, how: 'finished', setAside, reason: null }
}
