import type { JobContext } from '#core/jobs/index.ts'
import type { RepositoryKey } from '../encryption/repository-key.ts'
import type { StoredOptions } from '../options.ts'
import type { StorageAddress } from '../repository/open-storage.ts'
import type { UsedRepository } from '../used-repository.ts'
import { Helper, type HelperOptions } from './engine-client.ts'
import type { HelloSecrets } from './messages.ts'

export interface HelpersPorts {
  readonly options: StoredOptions
  readonly key: () => RepositoryKey
  readonly repository: UsedRepository
  /** Aborted when the site closes: every helper that works with the repository ends then. */
  readonly closing: AbortSignal
  /** Looks again whether the repository can be used; throws why not. */
  readonly assertUsable: () => Promise<void>
}

/** Starts the processes that work with a repository: with its lock, without it, or without the repository. */
export class Helpers {
  readonly #ports: HelpersPorts

  constructor(ports: HelpersPorts) {
    this.#ports = ports
  }

  /** Holds the lock and dies with the job. `create`: makes the repository where there is none. */
  async locked(context: Pick<JobContext, 'signal' | 'progress'>, what: string, create: boolean): Promise<Helper> {
    const { closing, key, repository, assertUsable } = this.#ports
    if (create) await assertUsable()
    const helper = this.#open(
      {
        signal: AbortSignal.any([context.signal, closing]),
        onProgress: (done, total, unit) => context.progress(done, total, unit),
      },
      key().forHelper(create),
    )
    try {
      const locked = await helper.ask('lock', { what, create })
      await repository.note(locked.repository)
      // A repository that was made a moment ago: from now on the console can read it too.
      key().note(locked.repository, locked.key)
      return helper
    } catch (error) {
      await helper[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Holds the lock until it is disposed of or the site closes. */
  lockedForNow(what: string): Promise<Helper> {
    return this.locked({ signal: this.#ports.closing, progress() {} }, what, false)
  }

  /** Reads without the lock, until the signal or the site's closing ends it. */
  reader(signal?: AbortSignal): Helper {
    const { closing, key } = this.#ports
    return this.#open({ signal: signal ? AbortSignal.any([signal, closing]) : closing }, key().forHelper(false))
  }

  /** Knows no secret and cannot read what is encrypted. */
  withoutKey(): Helper {
    return this.#open({ signal: this.#ports.closing }, null)
  }

  /** Has no business with the repository, and nothing stops it: for cleaning up. */
  cleaner(): Helper {
    return this.#open({}, null, null)
  }

  /** `target`: null for a helper that has none to do with the repository at all. Throws `target-absent` else. */
  #open(
    more: Pick<HelperOptions, 'signal' | 'onProgress'>,
    secrets: HelloSecrets | null,
    target: StorageAddress | null = this.#ports.options.chosen.address(),
  ): Helper {
    const { runtime, site, logger, crashPoints } = this.#ports.options
    const { id, name, directory } = site
    return new Helper({
      runtime,
      target,
      site: { id, name, directory },
      logger,
      crashPoints,
      ...(secrets && { secrets }),
      ...more,
    })
  }
}
