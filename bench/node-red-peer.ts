import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../test/support/ports.ts'
import type { BenchContext } from './benchmark.ts'

const version = '5.0.7'

/** Installs Node-RED into the folder of this run; resolves with its program, or null, said, where it cannot be had. */
export async function installedNodeRed({ folder, note }: BenchContext): Promise<string | null> {
  note(`installing node-red ${version} into a temporary folder`)
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  const npm = join(dirname(process.execPath), 'npm')
  const program = process.env.npm_execpath ?? npm
  try {
    await promisify(execFile)(
      process.execPath,
      [program, 'install', '--no-audit', '--no-fund', '--ignore-scripts', `node-red@${version}`],
      { cwd: folder },
    )
  } catch (error) {
    note(`not measured beside node-red, which could not be installed: ${String(error).split('\n')[0]}`)
    return null
  }
  return join(folder, 'node_modules', 'node-red', 'red.js')
}

/** Starts it with one flow on the broker at this port: in from `from`, a function of JavaScript, out to `to`. */
export async function startNodeRed(
  program: string,
  folder: string,
  flow: { readonly port: number; readonly from: string; readonly to: string },
): Promise<AsyncDisposable> {
  const [uiPort = 0] = await freePorts(1)
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(nodesOf(flow)))
  writeFileSync(
    join(folder, 'settings.js'),
    `module.exports = ${JSON.stringify({
      uiPort,
      uiHost: '127.0.0.1',
      httpAdminRoot: false,
      flowFile: 'flows.json',
      telemetry: { enabled: false },
      logging: { console: { level: 'error' } },
    })}`,
  )
  const child = spawn(process.execPath, [program, '--userDir', folder, '--settings', join(folder, 'settings.js')], {
    cwd: folder,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Parses, filters, picks three values and publishes them: what our route does. */
const work = `
const { battery, present } = msg.payload
if (!(battery > 5)) return null
return { payload: { desk: msg.topic.split('/')[1], battery, present } }`

function nodesOf({ port, from, to }: { port: number; from: string; to: string }) {
  const broker = { autoConnect: true, usetls: false, protocolVersion: '4', keepalive: '60', cleansession: true }
  // A node without a place in the drawing would be taken for one of the configuration.
  const at = (x: number) => ({ z: 'tab', x, y: 100 })
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), clientid: 'node-red', ...broker },
    {
      id: 'in',
      type: 'mqtt in',
      ...at(100),
      topic: from,
      qos: '0',
      datatype: 'json',
      broker: 'broker',
      wires: [['work']],
    },
    { id: 'work', type: 'function', ...at(300), func: work, outputs: 1, wires: [['out']] },
    { id: 'out', type: 'mqtt out', ...at(500), topic: to, qos: '0', retain: 'false', broker: 'broker', wires: [] },
  ]
}
