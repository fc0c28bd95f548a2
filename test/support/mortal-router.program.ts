import { messagingRig, route, routerConnected } from './messaging-rig.ts'

/**
 * A console's messaging that lives to be killed, on the databases of `directory`: with `embedded` its own broker on `port`, else the one
 * that listens there. What comes to `in/…` goes through the outbox to `out`, and what comes to `out` into the journal; of each
 * remainder by 50 the latest goes to `state`, and from there into the journal as well. Besides, messages wait for their batch, and under a
 * limit, on their way into the journal. Writes `ready`.
 */
const [directory = '', port = '', mode = ''] = process.argv.slice(2)
const rig = await messagingRig({ directory, port: Number(port) })
const routes = [
  route('sure', { from: 'in/#', to: [{ kind: 'mqtt', topic: 'out', qos: 1, retain: false }] }),
  route('newest', {
    from: 'in/#',
    to: [{ kind: 'mqtt', topic: 'state', qos: 1, retain: false, key: 'payload % 50', keep: 'latest' }],
  }),
  route('states', { from: 'state', to: [{ kind: 'journal', keepMs: 86_400_000 }] }),
  route('gathered', {
    from: 'in/#',
    batch: { windowMs: 250, most: 50, bytes: 100_000, per: 'route', as: null },
    to: [{ kind: 'journal', keepMs: 86_400_000 }],
  }),
  route('rare', {
    from: 'in/#',
    limit: { rate: { count: 1, perMs: 300 }, per: { expression: 'payload % 50' }, keep: 'latest' },
    to: [{ kind: 'journal', keepMs: 86_400_000 }],
  }),
  route('kept', { from: 'out', to: [{ kind: 'journal', keepMs: 86_400_000 }] }),
]
if (mode === 'embedded') {
  await rig.loadEmbedded(routes)
  await rig.startBroker()
} else {
  await rig.load(routes)
  // From here on that broker keeps what the router has not acknowledged.
  await routerConnected(rig, 120_000)
}
process.stdout.write('ready\n')
setInterval(() => {}, 60_000)
