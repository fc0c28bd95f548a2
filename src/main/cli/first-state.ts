import type { Connection } from '#shared/client/index.ts'
import { connectionLost } from '#shared/client/index.ts'
import type { StateBatch } from '#shared/contract/subscriptions.ts'
import { ConsoleError } from '#shared/problem.ts'

type Shown = {
  readonly [S in keyof StateBatch['slices']]-?: Readonly<
    Record<string, NonNullable<NonNullable<StateBatch['slices'][S]>[string]>>
  >
}

/** The shown state as it is now: the first batch of the state's stream, which is all of it. */
export function firstState(connection: Connection): Promise<Shown> {
  return new Promise((resolve, reject) => {
    void connection.closed.then((reason) => reject(connectionLost(reason)))
    const stream = connection.subscribe(
      'state',
      {},
      ({ items }) => {
        const [batch] = items
        if (!batch) return
        stream[Symbol.dispose]()
        resolve(present(batch.slices))
      },
      (problem) => reject(problem ? ConsoleError.from(problem) : connectionLost('the stream ended')),
    )
  })
}

/** Every slice, also those with nothing in them, and no deleted entities. */
function present(slices: StateBatch['slices']): Shown {
  const all = <T>(entities: Readonly<Record<string, T | null>> | undefined) => {
    const found: Record<string, T> = {}
    for (const [id, entity] of Object.entries(entities ?? {})) if (entity !== null) found[id] = entity
    return found
  }
  return {
    console: all(slices.console),
    site: all(slices.site),
    services: all(slices.services),
    pushed: all(slices.pushed),
    jobs: all(slices.jobs),
    attention: all(slices.attention),
    machine: all(slices.machine),
    traffic: all(slices.traffic),
    routes: all(slices.routes),
    store: all(slices.store),
    databases: all(slices.databases),
    dependencies: all(slices.dependencies),
    backups: all(slices.backups),
    snapshots: all(slices.snapshots),
    maintenance: all(slices.maintenance),
    startPath: all(slices.startPath),
    verification: all(slices.verification),
    drills: all(slices.drills),
    recovery: all(slices.recovery),
  }
}
