import { setTimeout as elapsed } from 'node:timers/promises'

/**
 * Pauses before what a disk refused is tried again, milliseconds: a cable, a controller or a network disk is often back within a
 * moment. Real time, whatever the injected clock says, because it is a real disk that is waited for.
 */
export const patienceMs: readonly number[] = [20, 100, 300]

/**
 * Does something whose failure may pass, and does it again after pauses while it fails and `mayPass` says that this is worth it.
 * Rejects with the last error.
 */
export async function patiently<T>(
  work: () => T | Promise<T>,
  mayPass: (error: unknown) => boolean,
  pausesMs = patienceMs,
): Promise<T> {
  for (const pause of pausesMs) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error)) throw error
      await elapsed(pause)
    }
  }
  return await work()
}
