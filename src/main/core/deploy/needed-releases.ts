import type { Logger } from '#core/platform/index.ts'
import type { Release } from '#core/releases/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import { isOver } from './deploy-machine.ts'
import type { DeployGround } from './ground.ts'
import type { DeployRecord } from './record.ts'

/** Releases that must not be removed now: those of a deploy that has not come to its end, and those whose code still runs. */
export function neededReleases({ parts, records }: Pick<DeployGround, 'parts' | 'records'>): readonly string[] {
  return neededOf(records.all(), Object.values(parts.state.slice('services').all()), parts.releases.list())
}

/** The same of what is given. */
export function neededOf(
  records: readonly Pick<DeployRecord, 'standing' | 'release' | 'from'>[],
  services: readonly Pick<ServiceView, 'pid' | 'cwd'>[],
  releases: readonly Pick<Release, 'id' | 'folder'>[],
): readonly string[] {
  const open = records.filter(({ standing }) => !isOver(standing.phase))
  const folders = services.flatMap(({ pid, cwd }) => (pid === null ? [] : [cwd]))
  const running = releases.filter(({ folder }) => folders.some((cwd) => cwd === folder || cwd.startsWith(`${folder}/`)))
  return [...new Set([...open.flatMap(({ release, from }) => [release, from]), ...running.map(({ id }) => id)])]
}

/** Has the releases shown anew whenever other ones are needed, so that what may be removed is told as it is. */
export class NeededWatch implements Disposable {
  readonly #revisions: Disposable
  #shown: string | null = null

  constructor(
    state: StateHub,
    { needed, show, logger }: { needed: () => readonly string[]; show: () => Promise<void>; logger: Logger },
  ) {
    this.#revisions = state.onRevision(({ slices }) => {
      if (!slices.services && !slices.deploys) return
      const now = [...needed()].sort().join(' ')
      if (now === this.#shown) return
      this.#shown = now
      show().catch((error: unknown) =>
        logger.warn('Which releases may be removed could not be looked at anew.', { error: String(error) }),
      )
    })
  }

  [Symbol.dispose](): void {
    this.#revisions[Symbol.dispose]()
  }
}
