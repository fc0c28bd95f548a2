import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConsoleError } from '#shared/problem.ts'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import {
  loadSite,
  releaseFolder,
  resolveCwd,
  resolveEnv,
  resolvePages,
  resolvePorts,
  resolveProbe,
  resolveRun,
  resolveVariables,
  type ServiceDefinition,
  type SiteDefinition,
  variablesOf,
} from './index.ts'

async function api(): Promise<{ service: ServiceDefinition; definition: SiteDefinition }> {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'services'))
  writeFileSync(join(folder.path, 'services', 'api.mjs'), '')
  writeFileSync(
    join(folder.path, 'site.yaml'),
    `wheelhouse: 1
site: lab
services:
  broker: { kind: external, ports: { mqtt: 1883 } }
  api:
    kind: node
    run: services/api.mjs --data "\${data}/my files" --port \${ports.http}
    ports: { http: 8101 }
    env: { BROKER: "mqtt://127.0.0.1:\${services.broker.ports.mqtt}", KEY: "\${secrets.KEY}", TEXT: "$\${data}" }
    readiness: { http: "http://127.0.0.1:\${ports.http}/health" }
    liveness: { command: "./services/api.mjs --check \${site}" }
    pages: { Home: "http://127.0.0.1:\${ports.http}/" }
`,
  )
  const loaded = await loadSite(folder.path)
  if (!loaded.valid || !loaded.definition.services.api) throw new Error(JSON.stringify(loaded))
  return { service: loaded.definition.services.api, definition: loaded.definition }
}

const variables = variablesOf('/srv/lab', '/srv/lab/releases/1')
const secrets = (name: string) => `value of ${name}`

describe('references', () => {
  it('are filled in everywhere, and paths become absolute', async () => {
    const { service, definition } = await api()
    expect(resolveRun(service, definition, variables)).toEqual([
      '/srv/lab/releases/1/services/api.mjs',
      '--data',
      '/srv/lab/data/my files',
      '--port',
      '8101',
    ])
    expect(resolveCwd(service, definition, variables)).toBe('/srv/lab/releases/1')
    expect(resolvePages(service, definition, variables)).toEqual([{ title: 'Home', url: 'http://127.0.0.1:8101/' }])
    const { readiness, liveness } = service.probes
    expect(readiness && resolveProbe(readiness, service, definition, variables).check).toEqual({
      type: 'http',
      url: 'http://127.0.0.1:8101/health',
      status: null,
    })
    expect(liveness && resolveProbe(liveness, service, definition, variables).check).toEqual({
      type: 'command',
      run: ['/srv/lab/releases/1/services/api.mjs', '--check', '/srv/lab'],
    })
  })

  it('to ports follow a rehearsal that moves them', async () => {
    const { service, definition } = await api()
    const moved = { ...variables, data: '/sandbox/data', ports: { api: { http: 9 }, broker: { mqtt: 10 } } }
    expect(resolvePorts(service, moved)).toEqual({ http: 9 })
    expect(resolveRun(service, definition, moved).at(-1)).toBe('9')
    expect(resolveEnv(service, definition, moved, secrets).BROKER).toBe('mqtt://127.0.0.1:10')
  })

  it('to secrets are filled in in the environment, and `$${` is a text', async () => {
    const { service, definition } = await api()
    expect(resolveEnv(service, definition, variables, secrets)).toEqual({
      BROKER: 'mqtt://127.0.0.1:1883',
      KEY: 'value of KEY',
      TEXT: '${data}',
    })
  })

  it('to nothing, or to a secret elsewhere, are errors that name it', async () => {
    const { service, definition } = await api()
    const resolve = (text: string) => () => resolveVariables(text, service, definition, variables, null)
    for (const text of ['${ports.no}', '${services.constructor.ports.http}', '${nothing}', '${}']) {
      expect(resolve(text)).toThrow(ConsoleError)
    }
    expect(resolve('${ports.no}')).toThrow(/api uses \$\{ports\.no\}/)
    expect(resolve('${secrets.KEY}')).toThrow(/outside its environment/)
  })
})

describe('the release folder', () => {
  it('is what `current` leads to, as a link or as a file with the path', async () => {
    using folder = temporaryFolder()
    mkdirSync(join(folder.path, 'releases', '7'), { recursive: true })
    expect(await releaseFolder(folder.path)).toBe(folder.path)
    writeFileSync(join(folder.path, 'current'), 'releases/7\n')
    expect(await releaseFolder(folder.path)).toBe(join(folder.path, 'releases', '7'))
  })

  it('is named also when the link leads nowhere', async () => {
    using folder = temporaryFolder()
    symlinkSync('releases/8', join(folder.path, 'current'))
    expect(await releaseFolder(folder.path)).toBe(join(folder.path, 'releases', '8'))
  })
})
