import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, CrashPoints, Logger } from '#core/platform/index.ts'
import type { Layout } from '../repository/layout.ts'
import { finishSwap, removeUndone } from './finish.ts'
import { namesIn, readJournals, type SwapFolders, type SwapJournal } from './journal.ts'
import { canGoForward, swapBack, swapForward } from './swap.ts'

/** What became of a restore that an earlier run of the console did not finish. */
export interface RecoveredSwap {
  readonly journal: SwapJournal
  readonly how: 'finished' | 'undone'
  readonly setAside: string | null
}

export interface RecoverPorts {
  readonly layout: Layout
  readonly clock: Clock
  readonly logger: Logger
  readonly crashPoints: CrashPoints
  remove(path: string): Promise<unknown>
}

/**
 * Brings every swap that was in flight to an end: forward when its new entries are all there, else back. Then sweeps what
 * was staged. Resolves with what was done, and with the names of leftovers that had no record and were set aside.
 */
export async function recoverSwaps(
  folders: SwapFolders,
  ports: RecoverPorts,
): Promise<{ readonly swaps: readonly RecoveredSwap[]; readonly setAside: readonly string[] }> {
  const { journals, strange } = await readJournals(folders)
  const swaps: RecoveredSwap[] = []
  for (const journal of journals) swaps.push(await recoverSwap(folders, journal, ports))
  for (const name of await namesIn(folders.staging)) await ports.remove(join(folders.staging, name))
  const setAside: string[] = []
  for (const name of await namesIn(folders.swap)) {
    if (name.startsWith('.tmp-')) await rm(join(folders.swap, name), { force: true })
    else {
      await mkdir(folders.quarantine, { recursive: true, mode: 0o700 })
      await rename(join(folders.swap, name), join(folders.quarantine, name))
      setAside.push(name)
    }
  }
  for (const name of strange) ports.logger.warn('A restore record could not be understood and was set aside.', { name })
  return { swaps, setAside }
}

async function recoverSwap(folders: SwapFolders, journal: SwapJournal, ports: RecoverPorts): Promise<RecoveredSwap> {
  if (journal.state === 'undoing' || (journal.state === 'swapping' && !(await canGoForward(folders, journal)))) {
    await swapBack(folders, journal)
    await removeUndone(folders, journal, ports.remove)
    return { journal, how: 'undone', setAside: null }
  }
  const swapped = journal.state === 'swapped' ? journal : await swapForward(folders, journal, ports.crashPoints)
  const setAside = await finishSwap(folders, swapped, ports.layout, ports, ports.remove)
  return { journal, how: 'finished', setAside }
}
