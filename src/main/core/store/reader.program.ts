/** The reader thread: reads of the console's own databases that may take longer than a look-up by key. */
import { parentPort, workerData } from 'node:worker_threads'
import { ReadConnection } from './read-connection.ts'
import type { ReaderNotice, ReaderRequest, ReaderSetup } from './reader-protocol.ts'
import { failureOf } from './sqlite-failure.ts'
import { bound } from './statement-cache.ts'
import type { DatabaseName } from './types.ts'

if (!parentPort) throw new Error('The store reader runs as a worker thread.')
const owner = parentPort
const { calledOff }: ReaderSetup = workerData
const connections = new Map<DatabaseName, ReadConnection>()

owner.on('message', (request: ReaderRequest) => {
  switch (request.type) {
    case 'query':
      tell(answerTo(request))
      return
    case 'release':
      connections.get(request.database)?.[Symbol.dispose]()
      connections.delete(request.database)
      tell({ type: 'released', database: request.database })
      return
    case 'close':
      for (const connection of connections.values()) connection[Symbol.dispose]()
      owner.close()
  }
})

function tell(notice: ReaderNotice): void {
  owner.postMessage(notice)
}

function answerTo({
  id,
  database,
  path,
  statement,
  atMostMs,
}: Extract<ReaderRequest, { type: 'query' }>): ReaderNotice {
  const began = performance.now()
  try {
    const rows: never[] = []
    for (const row of connectionTo(database, path)
      .statements.prepare(statement.sql)
      .iterate(...bound(statement))) {
      rows.push(row)
      if (performance.now() - began > atMostMs || Atomics.load(calledOff, 0) === id) {
        return { type: 'given up', id, ms: performance.now() - began }
      }
    }
    return { type: 'rows', id, rows, ms: performance.now() - began }
  } catch (error) {
    return { type: 'failed', id, failure: failureOf(error) }
  }
}

/** Opened when it is first needed, and again after it was let go. */
function connectionTo(name: DatabaseName, path: string): ReadConnection {
  const known = connections.get(name)
  if (known) return known
  const opened = new ReadConnection(path)
  connections.set(name, opened)
  return opened
}
