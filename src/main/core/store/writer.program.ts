/** The writer thread: the one place that writes the console's own databases. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { crashPointsFrom } from '#core/platform/index.ts'
import type { DirectReply, DirectWrite } from './types.ts'
import { type Waiting, Writer } from './writer.ts'
import type { WriterNotice, WriterRequest, WriterSetup } from './writer-protocol.ts'

if (!parentPort) throw new Error('The store writer runs as a worker thread.')
const owner = parentPort
const setup: WriterSetup = workerData
const directPorts = new Set<MessagePort>()

function notify(notice: WriterNotice): void {
  owner.postMessage(notice)
}

const opened = Writer.open(setup, crashPointsFrom(process.env))
if ('failure' in opened) {
  notify({ type: 'not open', ...opened })
} else {
  serve(opened.writer)
  notify({ type: 'open', readOnly: opened.readOnly })
}

function serve(writer: Writer): void {
  const waiting: Waiting = { outcomes: (outcomes) => notify({ type: 'committed', outcomes }) }
  owner.on('message', (request: WriterRequest) => {
    switch (request.type) {
      case 'write':
        writer.add(request, waiting)
        return
      case 'direct':
        serveDirectly(writer, request.port)
        return
      case 'close':
        close(writer)
        return
    }
  })
}

/** A thread that writes without passing through the control plane; it bounds by itself what it has in flight. */
function serveDirectly(writer: Writer, port: MessagePort): void {
  const waiting: Waiting = {
    outcomes(outcomes) {
      for (const { id, outcome } of outcomes) {
        const reply: DirectReply =
          'failed' in outcome
            ? { id, error: `${outcome.failed.code}: ${outcome.failed.message}`, rowids: [] }
            : { id, error: null, rowids: outcome.results.map(({ lastInsertRowid }) => lastInsertRowid) }
        port.postMessage(reply)
      }
    },
  }
  directPorts.add(port)
  port.on('message', (write: DirectWrite) => writer.add(write, waiting))
  port.on('close', () => directPorts.delete(port))
}

function close(writer: Writer): void {
  const problems = writer.close()
  for (const port of directPorts) port.close()
  notify({ type: 'closed', problems })
  owner.close()
}
