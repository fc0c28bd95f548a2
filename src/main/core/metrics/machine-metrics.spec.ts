import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { silentLogger } from '#core/platform/index.ts'
import type { Slice, StateHub } from '#core/state/index.ts'
import type { MachineView, SliceName, Slices } from '#shared/contract/state.ts'
import { ManualClock } from '../../../../test/support/manual-clock.ts'
import { until } from '../../../../test/support/until.ts'
import { cpuPercent, openMachineMetrics } from './machine-metrics.ts'
import { type MachineSensors, systemSensors } from './machine-sensors.ts'

const GB = 1024 ** 3

test('CPU, memory, disk and temperature are in the state after the first two seconds', async () => {
  const { clock, machine } = opened({})
  await clock.advance(2_000)
  expect(machine()).toMatchObject({
    cpu: { percent: 25, cores: 4, history: [25] },
    memory: { used: 2 * GB, total: 8 * GB, history: [2 * GB] },
    disk: { free: 10 * GB, total: 100 * GB, path: '/site' },
    temperature: 48,
    console: { memory: 90_000_000 },
  })
})

test('the histories keep the newest sixty samples', async () => {
  const { clock, machine } = opened({})
  await clock.advance(2_000 * 75)
  expect(machine()?.cpu.history).toHaveLength(60)
  expect(machine()?.memory.history).toHaveLength(60)
})

test('a sensor that fails leaves the others, is told once, and comes back when it works again', async () => {
  let broken = true
  const warnings: string[] = []
  const { clock, machine } = opened(
    { disk: async () => (broken ? Promise.reject(new Error('EIO')) : { free: 1, total: 2 }) },
    (message) => warnings.push(message),
  )
  await clock.advance(30_000)
  expect(machine()).toMatchObject({ disk: null, temperature: 48, cpu: { percent: 25 } })
  expect(warnings).toEqual(["The machine's disk cannot be read."])
  broken = false
  await clock.advance(12_000)
  expect(machine()?.disk).toMatchObject({ free: 1, total: 2 })
})

test('a sensor that never answers is asked once and holds nothing up', async () => {
  let asked = 0
  const { clock, machine } = opened({
    disk: () => {
      asked++
      return new Promise(() => {})
    },
  })
  await clock.advance(120_000)
  expect(asked).toBe(1)
  expect(machine()).toMatchObject({ disk: null, cpu: { percent: 25 } })
  expect(machine()?.at).toBe(clock.wall())
})

test('a sensor that stops answering is soon shown as unknown, not as its last reading', async () => {
  let stuck = false
  const { clock, machine } = opened({
    disk: () => (stuck ? new Promise(() => {}) : Promise.resolve({ free: 1, total: 2 })),
  })
  await clock.advance(12_000)
  expect(machine()?.disk).not.toBeNull()
  stuck = true
  await clock.advance(60_000)
  expect(machine()?.disk).toBeNull()
})

test('disposing leaves no timer and no entity behind', async () => {
  const { clock, machine, metrics } = opened({})
  await clock.advance(4_000)
  metrics[Symbol.dispose]()
  expect(clock.waiting).toBe(0)
  expect(machine()).toBeUndefined()
})

test('the CPU share is what was busy in between, of all cores, and never out of range', () => {
  expect(cpuPercent({ busy: 100, total: 1_000, cores: 2 }, { busy: 350, total: 2_000, cores: 2 })).toBe(25)
  expect(cpuPercent({ busy: 100, total: 1_000, cores: 2 }, { busy: 90, total: 1_000, cores: 2 })).toBe(0)
})

test('this machine answers', async () => {
  const sensors = systemSensors()
  const memory = await sensors.memory()
  const disk = await sensors.disk(tmpdir())
  expect(memory.used).toBeGreaterThan(0)
  expect(memory.used).toBeLessThan(memory.total)
  expect(disk.free).toBeLessThanOrEqual(disk.total)
  expect(sensors.cpu().cores).toBeGreaterThan(0)
  const first = sensors.cpu()
  await until('the cores to have done something', () => sensors.cpu().total > first.total)
})

function opened(overrides: Partial<MachineSensors>, onWarning: (message: string) => void = () => {}) {
  const clock = new ManualClock()
  const entities = new Map<string, MachineView>()
  const logger = { ...silentLogger, warn: onWarning, part: () => logger }
  const metrics = openMachineMetrics({
    state: hubWith(entities),
    clock,
    path: '/site',
    logger,
    sensors: {
      cpu: () => ({ busy: clock.monotonic(), total: 4 * clock.monotonic(), cores: 4 }),
      memory: async () => ({ used: 2 * GB, total: 8 * GB }),
      disk: async () => ({ free: 10 * GB, total: 100 * GB }),
      temperature: async () => 48,
      ownMemory: () => 90_000_000,
      ...overrides,
    },
  })
  return { clock, metrics, machine: () => entities.get('machine') }
}

/** Only the slice that the metrics write; asking for another is a mistake of the metrics. */
function hubWith(entities: Map<string, MachineView>): StateHub {
  const machine: Slice<MachineView> = {
    set: (id, entity) => void entities.set(id, entity),
    delete: (id) => void entities.delete(id),
    get: (id) => entities.get(id),
    all: () => Object.fromEntries(entities),
  }
  const slices: { [S in SliceName]?: Slice<Slices[S]> } = { machine }
  return {
    epoch: 'test',
    revision: 0,
    slice(name) {
      const slice = slices[name]
      if (!slice) throw new Error(`The metrics wrote to ${name}.`)
      return slice
    },
    whole: () => ({ epoch: 'test', revision: 0, slices: {} }),
    onRevision: () => ({ [Symbol.dispose]() {} }),
    [Symbol.dispose]() {},
  }
}
