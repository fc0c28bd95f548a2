/** The writer thread of one of the console's own databases: the one place that writes it. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { crashPointsFrom } from '#core/platform/index.ts'
import { failureKind } from './sqlite-failure.ts'
import type { DirectReply, DirectWrite } from './types.ts'
import { packOutcomes, WriteUnpacker } from './write-packing.ts'
import { Writer } from './writer.ts'
import type { Waiting } from './writer-database.ts'
import type { WriterNotice, WriterRequest, WriterSetup } from './writer-protocol.ts'

if (!parentPort) throw new Error('The store writer runs as a worker thread.')
const owner = parentPort
const setup: WriterSetup = workerData
const directPorts = new Set<MessagePort>()
const unpacker = new WriteUnpacker()
const writer = new Writer(
  setup.database,
  {
    trouble: (_, failure) => notify({ type: 'trouble', failure }),
    slow: (statement, ms) => notify({ type: 'slow', statement, ms }),
    busy: (retries) => notify({ type: 'busy', retries }),
    logRound: (_, round) => notify({ type: 'log-round', round }),
  },
  crashPointsFrom(process.env),
)
const controlPlane: Waiting = {
  outcomes: (_, outcomes) => notify({ type: 'committed', outcomes: packOutcomes(outcomes) }),
}

owner.on('message', take)
notify({ type: 'started', opening: setup.setup === null ? null : writer.database.open(setup.setup) })

function notify(notice: WriterNotice): void {
  owner.postMessage(notice)
}

function take(request: WriterRequest): void {
  switch (request.type) {
    case 'writes':
      for (const write of unpacker.unpack(request.writes)) writer.add(write, controlPlane)
      return
    case 'direct':
      serveDirectly(request.port)
      return
    case 'release':
      writer.database.release()
      notify({ type: 'released' })
      return
    case 'open':
      notify({ type: 'opened', ...writer.database.open(request.setup) })
      writer.schedule()
      return
    case 'probe':
      notify({ type: 'probed', failure: writer.database.probe() })
      return
    case 'shrink':
      writer.database.shrink(request.pages)
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
  port.on('message', (write: DirectWrite) => writer.add(write, waiting))
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
