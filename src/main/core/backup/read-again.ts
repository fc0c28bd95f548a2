import { ConsoleError } from '#shared/problem.ts'

/** Whether an error says that something a snapshot needs is not there or not what it should be. */
export function isDamage(error: unknown): boolean {
  return error instanceof ConsoleError && error.problem.code === 'repository-damaged'
}

export interface ReadAgainPorts {
  /** Looks again which snapshots there are. */
  refresh(): Promise<void>
  /** Throws `snapshot-unknown`. */
  choose(snapshot: string): unknown
}

/**
 * Reads snapshots without the repository's lock. Meanwhile another process may remove one and free what it needed, or write a pack anew:
 * what looks like damage then is read once more with fresh eyes. Rejects with `snapshot-removed` where a snapshot is gone.
 */
export async function readAgain<T>(
  snapshots: readonly string[],
  { refresh, choose }: ReadAgainPorts,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!isDamage(error)) throw error
    await refresh()
    for (const snapshot of snapshots) {
      try {
        choose(snapshot)
      } catch (gone) {
        if (!(gone instanceof ConsoleError) || gone.problem.code !== 'snapshot-unknown') throw gone
        throw removed(snapshot)
      }
    }
    return await read()
  }
}

function removed(snapshot: string): ConsoleError {
  return new ConsoleError(
    'snapshot-removed',
    `The snapshot ${snapshot} was removed while it was looked into. Nothing was touched.`,
    'Choose another one from the list of snapshots.',
    { params: { snapshot }, retryable: true },
  )
}
