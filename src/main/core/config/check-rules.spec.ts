import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { commandsOf, loadSite, resolveProbe, variablesOf } from './index.ts'

async function load(service: string) {
  using folder = temporaryFolder()
  mkdirSync(join(folder.path, 'services'))
  writeFileSync(join(folder.path, 'services', 'vision.mjs'), '')
  writeFileSync(
    join(folder.path, 'site.yaml'),
    `wheelhouse: 1\nsite: lab\nservices:\n  vision: { kind: node, run: services/vision.mjs, ports: { mqtt: 1883 }, ${service} }\n`,
  )
  return await loadSite(folder.path)
}

async function problems(service: string) {
  const loaded = await load(service)
  return loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)
}

const variables = variablesOf('/srv/lab', '/srv/lab/current')

describe('what a probe looks at', () => {
  it.each([
    ['http: "http://h/", body: ready, latency: 300ms', { type: 'http', body: 'ready', latencyMs: 300, status: null }],
    [
      'mqtt: "mqtt://127.0.0.1:${ports.mqtt}"',
      { type: 'mqtt', url: 'mqtt://127.0.0.1:1883', topic: 'wheelhouse/probe' },
    ],
    ['sqlite: data/a.db, tables: [ note ]', { type: 'sqlite', file: '/srv/lab/data/a.db', tables: ['note'] }],
    ['postgres: "postgres://app@h/app"', { type: 'postgres', url: 'postgres://app@h/app', tables: [] }],
    ['file: "${data}/frame.jpg", newer: 5m', { type: 'file', path: '/srv/lab/data/frame.jpg', newerMs: 300_000 }],
    ['file: /run/camera', { type: 'file', path: '/run/camera', newerMs: null }],
    ['metric: fps > 20', { type: 'metric', condition: 'fps > 20', newerMs: 60_000 }],
    ['pushed: 30s', { type: 'pushed', newerMs: 30_000 }],
  ])('%s', async (written, check) => {
    const loaded = await load(`push: both, readiness: { ${written}, delay: 2s }`)
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    const { definition } = loaded
    const { vision } = definition.services
    const probe = vision?.probes.readiness
    if (!vision || !probe) throw new Error('no probe')
    expect(resolveProbe(probe, vision, definition, variables)).toMatchObject({ check, delayMs: 2_000 })
  })

  it.each([
    ['two kinds', 'readiness: { tcp: "h:1", file: a }', 'probe-unclear services.vision.readiness'],
    ['a detail of another kind', 'liveness: { tcp: "h:1", body: a }', 'key-not-for-kind services.vision.liveness.body'],
    ['an age for http', 'liveness: { http: "http://h", newer: 1s }', 'key-not-for-kind services.vision.liveness.newer'],
    ['no condition', 'push: http, readiness: { metric: "fps >" }', 'expression-bad services.vision.readiness.metric'],
    ['a metric without push', 'readiness: { metric: fps > 1 }', 'value-missing services.vision.readiness.metric'],
    ['pushed without push', 'readiness: { pushed: 10s }', 'value-missing services.vision.readiness.pushed'],
    ['a wildcard', 'readiness: { mqtt: "mqtt://h", topic: a/# }', 'topic-bad services.vision.readiness.topic'],
    ['no broker', 'readiness: { mqtt: "http://h" }', 'address-bad services.vision.readiness.mqtt'],
    ['a password', 'readiness: { mqtt: "mqtt://a:b@h" }', 'address-bad services.vision.readiness.mqtt'],
    [
      'a password there',
      'readiness: { postgres: "postgres://a:b@h/c" }',
      'address-bad services.vision.readiness.postgres',
    ],
    ['an unknown way', 'push: smoke', 'value-unknown services.vision.push'],
  ])('%s is told with its place', async (_, written, problem) => {
    expect(await problems(written)).toContain(problem)
  })

  it('of the list of checks is an address too, and no message repeats a password', async () => {
    for (const written of ['mqtt: "mqtt://me:hunter2@h"', 'mqtt: "http://h"', 'http: "h/x"', 'tcp: h']) {
      const loaded = await load(`enabled: on }\nchecks:\n  own: { ${written}`)
      const [kind] = written.split(':')
      expect(loaded.valid ? [] : loaded.problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
        `address-bad checks.own.${kind}`,
      ])
      expect(JSON.stringify(loaded.valid || loaded.problems)).not.toContain('hunter2')
    }
  })

  it('is told before trust where it would log in', async () => {
    const loaded = await load('env: { PGPASSWORD: "${secrets.APP}" }, readiness: { postgres: "postgres://app@h/app" }')
    if (!loaded.valid) throw new Error(JSON.stringify(loaded.problems))
    expect(commandsOf(loaded.definition).map(({ command }) => command)).toContain(
      'PGPASSWORD=${secrets.APP} <its probe logs in at postgres://app@h/app>',
    )
  })
})
