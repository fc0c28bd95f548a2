import { BroadcastChannel, parentPort } from 'node:worker_threads'
import '../../src/main/core/messaging/data-plane.program.ts'

// The real data plane, with a way for a spec to end it.
const channel = new BroadcastChannel('mortal-data-plane')
channel.onmessage = ({ data }: { data?: unknown }) => {
  if (data === 'die') process.exit(1)
  for (;;) if (data !== 'hang') return
}
parentPort?.on('close', () => channel.close())
channel.unref()
