import { lstat, mkdir, rename, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import { syncFolder } from './durable-file.ts'

/** Something to be moved by a rename; nothing is opened. */
export interface Move {
  readonly from: string
  readonly to: string
  /** For a folder that is to be there all the same: the rights with which it is made anew, empty, in its old place. */
  readonly remake: number | null
}

/**
 * Moves all of it or nothing: when one cannot be moved, those before it are moved back. Rejects with `not-moved` then, and where that
 * failed as well with `half-moved`, which says of each thing that is not where it was where it lies (`params.lie`).
 */
export async function moveTogether(moves: readonly Move[], onMoved: () => void = () => {}): Promise<void> {
  const moved: Move[] = []
  for (const move of moves) {
    try {
      await mkdir(dirname(move.to), { recursive: true, mode: 0o700 })
      await rename(move.from, move.to)
      moved.push(move)
      onMoved()
      if (move.remake !== null) await mkdir(move.from, { mode: move.remake })
    } catch (error) {
      throw notMoved(move, error, await movedBack(moved))
    }
  }
  await syncPlaces(moves)
}

/**
 * Finishes what {@link moveTogether} was killed in: what has arrived stays, what has not follows, and what is to be there is made. Rejects
 * with the reason; doing it again does no harm.
 */
export async function finishMoving(moves: readonly Move[]): Promise<void> {
  for (const { from, to, remake } of moves) {
    const arrived = await isThere(to)
    if (!arrived && (await isThere(from))) {
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      await rename(from, to)
    }
    if (remake !== null && !(await isThere(from))) await mkdir(from, { mode: remake })
  }
  await syncPlaces(moves)
}

/** Takes moves back, the last one first. Resolves with those that could not be. */
async function movedBack(moved: readonly Move[]): Promise<readonly Move[]> {
  const stuck: Move[] = []
  for (const move of moved.toReversed()) {
    try {
      // Only while it is empty: what somebody has put there meanwhile is not to be lost.
      if (move.remake !== null && (await isThere(move.from))) await rmdir(move.from)
      if (await isThere(move.from)) stuck.push(move)
      else await rename(move.to, move.from)
    } catch {
      stuck.push(move)
    }
  }
  await syncPlaces(moved).catch(() => {})
  return stuck
}

async function syncPlaces(moves: readonly Move[]): Promise<void> {
  for (const folder of new Set(moves.flatMap(({ from, to }) => [dirname(to), dirname(from)]))) await syncFolder(folder)
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return false
    throw error
  }
}

function notMoved({ from }: Move, cause: unknown, stuck: readonly Move[]): ConsoleError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (stuck.length === 0) {
    return new ConsoleError(
      'not-moved',
      `${from} could not be moved: ${reason}. Everything is where it was.`,
      'Check the rights of the folder and that its disk is healthy and not full, then try again.',
      { params: { path: from }, cause },
    )
  }
  const lie = stuck.map(({ from: before, to }) => `${before} lies in ${to}`)
  return new ConsoleError(
    'half-moved',
    `${from} could not be moved: ${reason}. What had been moved before it could not be moved back: ${lie.join('; ')}.`,
    'Move it back by hand while what uses it stands still.',
    { params: { path: from, lie: stuck.map(({ from: before, to }) => ({ from: before, to })) }, cause },
  )
}
