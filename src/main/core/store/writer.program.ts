/** The writer thread: the one place that writes the console's own databases. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { crashPointsFrom } from '#core/platform/index.ts'
import { failureKind } from './sqlite-failure.ts'
import type { DatabaseName, DirectReply, DirectWrite } from './types.ts'
import { packOutcomes, WriteUnpacker } from './write-packing.ts'
import { Writer } from './writer.ts'
import type { Waiting } from './writer-database.ts'
import type { WriterNotice, WriterOpening, WriterRequest, WriterSetup } from './writer-protocol.ts'

if (!parentPort) throw new Error('The store writer runs as a worker thread.')
const owner = parentPort
const setup: WriterSetup = workerData
const directPorts = new Set<MessagePort>()
const unpacker = new WriteUnpacker()
const writer = new Writer(
  {
    trouble: (database, failure) => notify({ type: 'trouble', database, failure }),
    slow: (statement, ms) => notify({ type: 'slow', statement, ms }),
    busy: (retries) => notify({ type: 'busy', retries }),
    logRound: (database, round) => notify({ type: 'log-round', database, round }),
  },
  crashPointsFrom(process.env),
)
const controlPlane: Waiting = {
  outcomes: (database, outcomes) => notify({ type: 'committed', database, outcomes: packOutcomes(outcomes) }),
}

owner.on('message', take)
notify({ type: 'started', openings: [...openingsOf('control'), ...openingsOf('messages')] })

function openingsOf(database: DatabaseName): readonly WriterOpening[] {
  const its = setup.databases[database]
  return its === null ? [] : [writer.databases[database].open(its)]
}

function notify(notice: WriterNotice): void {
  owner.postMessage(notice)
}

function take(request: WriterRequest): void {
  switch (request.type) {
    case 'writes':
      for (const write of unpacker.unpack(request.writes)) writer.add(request.database, write, controlPlane)
      return
    case 'direct':
      serveDirectly(request.port)
      return
    case 'release':
      writer.databases[request.database].release()
      notify({ type: 'released', database: request.database })
      return
    case 'open':
      notify({ type: 'opened', ...writer.databases[request.database].open(request.setup) })
      writer.schedule()
      return
    case 'probe':
      notify({ type: 'probed', database: request.database, failure: writer.databases[request.database].probe() })
      return
    case 'shrink':
      writer.databases[request.database].shrink(request.pages)
      return
    case 'close':
      close()
  }
}

/** A thread that writes without passing through the control plane; it bounds by itself what it has in flight. */
function serveDirectly(port: MessagePort): void {
  const waiting: Waiting = {
    outcomes(_, outcomes) {
      for (const { id, outcome } of outcomes) port.postMessage(replyTo(id, outcome))
    },
  }
  directPorts.add(port)
  port.on('message', (write: DirectWrite) => writer.add(write.database, write, waiting))
  port.on('close', () => directPorts.delete(port))
}

function replyTo(id: number, outcome: Parameters<Waiting['outcomes']>[1][number]['outcome']): DirectReply {
  if (!('failed' in outcome)) {
    const { results } = outcome
    return {
      id,
      error: null,
      retryable: false,
      rowids: results.map(({ lastInsertRowid }) => lastInsertRowid),
      rows: results.some(({ rows }) => rows.length > 0) ? results.map(({ rows }) => rows) : [],
    }
  }
  const { code, message } = outcome.failed
  return {
    id,
    error: `${code}: ${message}`,
    retryable: failureKind(outcome.failed) !== 'refused',
    rowids: [],
    rows: [],
  }
}

function close(): void {
  const problems = writer.close()
  for (const port of directPorts) port.close()
  notify({ type: 'closed', problems })
  owner.close()
}
