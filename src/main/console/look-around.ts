import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '#core/events/index.ts'
import { type Clock, openFileLimit, type Processes, type UserFolders } from '#core/platform/index.ts'
import {
  cleanedLines,
  judge,
  measure,
  removeOldTemporaries,
  removeStaleSockets,
  type StartupBoard,
} from '#core/startup/index.ts'
import { removeLeftCopies } from './throw-away.ts'

/**
 * Pre-flight and clean-up of a start: looks at the machine and the folders, and removes what earlier runs of any console left. Everything goes onto the
 * board; resolves in any case. A command (`isBeside` false) opens a site beside a console that may be starting, and cleans up nothing.
 */
export async function lookAround(
  startup: StartupBoard,
  site: string,
  {
    folders,
    clock,
    processes,
    isBeside,
  }: {
    readonly folders: UserFolders
    readonly clock: Clock
    readonly processes: Processes
    readonly isBeside: boolean
  },
): Promise<void> {
  const memory = { available: process.availableMemory(), total: totalmem() }
  await Promise.all([
    startup.run('pre-flight', 'The machine and the folders are looked at.', async () =>
      judge(await measure({ site, userData: folders.data, openFiles: openFileLimit(), wall: clock.wall(), memory })),
    ),
    isBeside
      ? startup.run('clean-up', 'What earlier runs left is looked for.', async () =>
          cleanedLines({
            sockets: await removeStaleSockets(folders.runtime),
            temporaries: await removeOldTemporaries([folders.data, join(site, '.wheelhouse')], clock.wall()),
            copies: await removeLeftCopies({ data: folders.data, processes }),
          }),
        )
      : undefined,
  ])
}

/** Records what failed, so that it is found later as well. What the site's own cards tell is not told again. */
export function tellTroubles(startup: StartupBoard, events: EventLog): void {
  const troubles = startup.troubles.filter(({ id }) => id !== 'site')
  if (troubles.length === 0) return
  events.emit({
    kind: 'site.start-checked',
    subject: 'site',
    severity: 'warning',
    message: `The start found what should be looked at. ${troubles.map(({ title, sentence }) => `${title}: ${sentence}`).join(' ')}`,
    cause: { type: 'console', why: 'the site was opened' },
    data: { troubles },
  })
}
