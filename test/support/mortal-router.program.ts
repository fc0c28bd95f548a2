import { messagingRig, route, routerConnected } from './messaging-rig.ts'

/**
 * A console's messaging that lives to be killed, on the databases of `directory`: with `embedded` its own broker on `port`, else the one
 * that listens there. What comes to `in/…` goes through the outbox to `out`, and what comes to `out` into the journal. Writes `ready`.
 */
const [directory = '', port = '', mode = ''] = process.argv.slice(2)
const rig = await messagingRig({ directory, port: Number(port) })
const routes = [
  route('sure', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }] }),
  route('kept', { from: 'out', to: [{ kind: 'journal', keepMs: 86_400_000 }] }),
]
if (mode === 'embedded') {
  await rig.loadEmbedded(routes)
  await rig.startBroker()
} else {
  await rig.load(routes)
  // From here on that broker keeps what the router has not acknowledged.
  await routerConnected(rig)
}
process.stdout.write('ready\n')
setInterval(() => {}, 60_000)
