import { join } from 'node:path'
import type { Clock } from '#core/platform/index.ts'
import { readOwner } from '#core/store/index.ts'

/** How often it is looked whether a command has given a site back. Milliseconds. */
const lookEveryMs = 1_000

/**
 * Calls `open` once the command that has a site has given it back, unless it is not `wanted` any more by then: nobody may be there
 * to try again, and a machine that starts while a backup is being made must not stay without its site.
 */
export function whenGivenBack(
  directory: string,
  { clock, wanted, open }: { readonly clock: Clock; readonly wanted: () => boolean; readonly open: () => void },
): Disposable {
  const look = async () => {
    const owner = await readOwner(join(directory, '.wheelhouse')).catch(() => undefined)
    if (!wanted()) return
    if (owner === undefined) open()
    else timer = clock.after(lookEveryMs, () => void look())
  }
  let timer = clock.after(lookEveryMs, () => void look())
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
