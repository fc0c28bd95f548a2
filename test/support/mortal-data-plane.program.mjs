import { BroadcastChannel, parentPort } from 'node:worker_threads'
import '../../out/main/data-plane.js'

// The real data plane, with a way for a spec to end it.
const channel = new BroadcastChannel('mortal-data-plane')
channel.onmessage = ({ data }) => {
  if (data === 'die') process.exit(1)
  for (;;) if (data !== 'hang') return
}
parentPort?.on('close', () => channel.close())
channel.unref()
