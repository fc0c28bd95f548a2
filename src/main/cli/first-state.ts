import type { Connection } from '#shared/client/index.ts'
import { connectionLost } from '#shared/client/index.ts'
import { eachSlice, type ShownSlices } from '#shared/contract/each-slice.ts'
import type { StateBatch } from '#shared/contract/subscriptions.ts'
import { ConsoleError } from '#shared/problem.ts'

/** The shown state as it is now: the first batch of the state's stream, which is all of it. */
export function firstState(connection: Connection): Promise<ShownSlices> {
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
function present(slices: StateBatch['slices']): ShownSlices {
  return eachSlice((name) => entitiesOf(slices[name]))
}

function entitiesOf<T>(entities: Readonly<Record<string, T | null>> | undefined): Readonly<Record<string, T>> {
  const found: Record<string, T> = {}
  for (const [id, entity] of Object.entries(entities ?? {})) if (entity !== null) found[id] = entity
  return found
}
