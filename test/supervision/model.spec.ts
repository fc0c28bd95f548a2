import { expect, test } from 'vitest'
import type { HookName, ServiceDefinition } from '#core/config/index.ts'
import { needConditionSchema } from '#shared/vocabulary.ts'
import { randomFrom } from '../faults/random.ts'
import { noHooks, probeOf, serviceOf, siteOf } from '../support/site-definition.ts'
import { type Character, SimulatedSite } from './simulated-site.ts'

/** Graphs that are drawn in one run. Say WHEELHOUSE_SEED to draw those of an earlier run again. */
const graphs = 1_000
const seed = Number(process.env.WHEELHOUSE_SEED ?? Date.now() % 1_000_000)

/** A site of up to a dozen services that need earlier ones, in every kind and with every setting. */
function drawSite(random: () => number): ServiceDefinition[] {
  const below = (count: number) => Math.floor(random() * count)
  const often = (share: number) => random() < share
  const hook = () => (often(0.3) ? { run: ['tool'], timeoutMs: 200 + below(2_000) } : null)
  const probe = () =>
    often(0.5) ? probeOf({ type: 'tcp', address: 'x:1' }, { withinMs: 3_000 + below(20_000) }) : null
  const services: ServiceDefinition[] = []
  const count = 1 + below(12)
  for (let index = 0; index < count; index++) {
    const oneShot = often(0.1)
    const needs: Record<string, ServiceDefinition['needs'][string]> = {}
    for (const other of services) {
      if (!often(Math.min(0.5, 2 / count))) continue
      const conditions = needConditionSchema.options.filter((name) => name !== 'completed')
      needs[other.id] = other.oneShot ? 'completed' : (conditions[below(conditions.length)] ?? 'ready')
    }
    const external = often(0.07)
    services.push(
      serviceOf(`s${index}`, {
        kind: external ? 'external' : 'process',
        needs,
        follows: external ? [] : Object.keys(needs).filter(() => often(0.3)),
        oneShot: !external && oneShot,
        optional: often(0.1),
        enabled: !often(0.1),
        probes: { startup: probe(), readiness: probe(), liveness: probe() },
        restart: {
          policy: (['always', 'on-failure', 'never'] as const)[below(10) < 8 ? 0 : below(3)] ?? 'always',
          backoff: { firstMs: 50 + below(1_000), factor: 1 + random() * 2, capMs: 2_000 + below(30_000) },
          budget: { starts: 1 + below(6), perMs: 5_000 + below(600_000) },
          forgiveMs: 5_000 + below(600_000),
        },
        stop: { signal: 'SIGTERM', withinMs: 100 + below(10_000) },
        hooks: external ? noHooks : hooksFrom(hook),
      }),
    )
  }
  return services
}

function hooksFrom(hook: () => ServiceDefinition['hooks'][HookName]): ServiceDefinition['hooks'] {
  return { 'before-start': hook(), 'after-start': hook(), 'before-stop': hook(), 'after-stop': hook() }
}

/** How bad the day is: from one on which nothing fails to one on which hardly anything holds. */
function drawCharacter(random: () => number, badness: number): Character {
  const often = (share: number) => random() < share * badness
  return {
    startsIn: 1 + random() * (often(0.2) ? 5_000 : 300),
    cannotStart: often(0.15),
    livesFor: often(0.6) ? random() * 60_000 : random() < 0.1 ? random() * 2_000 : null,
    endsWell: random() < 0.5,
    endsIn: often(0.3) ? null : random() * 2_000,
    answersAfter: random() * 1_000,
    passes: !often(0.25),
    hookTakes: random() * (often(0.3) ? 10_000 : 500),
    hookPasses: !often(0.3),
  }
}

test(`over ${graphs} drawn sites and days: never started before its needs, never two of one, always explained, always stops (seed ${seed})`, () => {
  let launches = 0
  for (let round = 0; round < graphs; round++) {
    const random = randomFrom(seed + round)
    const definition = siteOf(drawSite(random))
    const ids = Object.keys(definition.services)
    const badness = round % 5 === 0 ? 0 : random()
    const site = new SimulatedSite(definition, random, () => drawCharacter(random, badness))
    const one = () => ids[Math.floor(random() * ids.length)] ?? 's0'
    site.start(ids.filter((id) => definition.services[id]?.enabled))
    for (let turn = 0; turn < 12; turn++) {
      site.run(random() * 30_000)
      const choice = random()
      if (choice < 0.15) site.stop([one()])
      else if (choice < 0.35) site.start([one()])
      else if (choice < 0.5) site.restart(one())
      else if (choice < 0.55) site.stop(ids)
      else if (choice < 0.58) site.kill()
      else if (choice < 0.7) site.start(ids)
    }
    if (random() < 0.2) site.kill()
    else site.stop(ids)
    site.run(300_000)
    const rest = site.machines
      .map(({ state }) => state)
      .filter((state) => !/^(stopped|completed|external)$/.test(state))
    launches += site.machines.reduce((sum, { generation }) => sum + generation, 0)
    expect(
      { problems: site.problems.slice(0, 3), rest, alive: site.alive },
      `site ${round}; again with WHEELHOUSE_SEED=${seed + round}, whose first site it is`,
    ).toEqual({ problems: [], rest: [], alive: 0 })
  }
  expect(launches).toBeGreaterThan(graphs * 5) // the days are busy enough to mean something
})
