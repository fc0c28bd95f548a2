import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './ports.ts'

export interface TinySite {
  readonly directory: string
  readonly ports: { readonly mqtt: number; readonly http: number }
}

/** A site of three services that start in a blink: the broker, an HTTP service and one that only ticks. */
export async function makeTinySite(directory: string, options: { readonly extra?: string } = {}): Promise<TinySite> {
  const [mqtt = 0, http = 0] = await freePorts(2)
  await mkdir(join(directory, 'services'), { recursive: true })
  await mkdir(join(directory, 'data'), { recursive: true })
  await writeFile(join(directory, 'data', 'note.txt'), 'kept\n')
  await writeFile(
    join(directory, 'services', 'web.mjs'),
    `import { createServer } from 'node:http'
const server = createServer((_request, response) => response.end('ok'))
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log('web listens'))
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`,
  )
  await writeFile(
    join(directory, 'services', 'ticker.mjs'),
    `setInterval(() => console.log('tick'), 200)
process.on('SIGTERM', () => process.exit(0))
`,
  )
  await writeFile(
    join(directory, 'site.yaml'),
    `wheelhouse: 1
site: tiny
services:
  broker: { kind: builtin, use: broker, ports: { mqtt: ${mqtt} } }
  web:
    kind: node
    run: services/web.mjs
    ports: { http: ${http} }
    needs: { broker: ready }
    env: { PORT: "\${ports.http}" }
    startup: { http: "http://127.0.0.1:\${ports.http}/", every: 100ms, within: 2m }
    readiness: { http: "http://127.0.0.1:\${ports.http}/", every: 1s }
  ticker: { kind: node, run: services/ticker.mjs, needs: { web: ready } }
routes:
  all: { from: lab/#, to: [ { journal: 1d } ] }
${options.extra ?? ''}`,
  )
  return { directory, ports: { mqtt, http } }
}
