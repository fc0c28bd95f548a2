import type { Clock, Logger } from '#core/platform/index.ts'
import type { StateHub } from '#core/state/index.ts'
import type { MachineView } from '#shared/contract/state.ts'
import { type MachineSensors, systemSensors } from './machine-sensors.ts'
import { SlowSensor } from './slow-sensor.ts'

/** Milliseconds between two samples, and how many are kept for the graphs. */
export const sampleEveryMs = 2_000
export const samplesKept = 60

export interface MachineMetricsOptions {
  readonly state: StateHub
  readonly clock: Clock
  /** A folder on the disk whose space matters: the site's. */
  readonly path: string
  readonly logger: Logger
  readonly sensors?: MachineSensors
}

/**
 * Keeps the slice `machine` up to date: CPU and memory every 2 s, disk every 10 s, temperature every 30 s. Nothing waits for
 * a sensor. Disposing it stops the samples and takes the slice's entity away.
 */
export function openMachineMetrics(options: MachineMetricsOptions): Disposable {
  const { state, clock, path, sensors = systemSensors() } = options
  const logger = options.logger.part('metrics')
  const slice = state.slice('machine')
  const memory = new SlowSensor({ name: 'memory', everyMs: sampleEveryMs, clock, logger, read: () => sensors.memory() })
  const disk = new SlowSensor({ name: 'disk', everyMs: 10_000, clock, logger, read: () => sensors.disk(path) })
  const temperature = new SlowSensor({
    name: 'temperature',
    everyMs: 30_000,
    clock,
    logger,
    read: () => sensors.temperature(),
  })
  let cpuBefore = sensors.cpu()
  let last: MachineView = {
    at: clock.wall(),
    cpu: { percent: 0, history: [], cores: cpuBefore.cores },
    memory: { used: 0, total: 0, history: [] },
    disk: null,
    temperature: null,
    console: { memory: sensors.ownMemory() },
  }

  const refresh = () => {
    for (const sensor of [memory, disk, temperature]) sensor.refresh()
  }
  const sample = () => {
    timer = clock.after(sampleEveryMs, sample)
    const cpu = sensors.cpu()
    const percent = cpuPercent(cpuBefore, cpu)
    cpuBefore = cpu
    const space = disk.value
    last = {
      at: clock.wall(),
      cpu: { percent, history: pushed(last.cpu.history, percent), cores: cpu.cores },
      memory: memory.value
        ? { ...memory.value, history: pushed(last.memory.history, memory.value.used) }
        : { ...last.memory },
      disk: space ? { ...space, path } : null,
      temperature: temperature.value ?? null,
      console: { memory: sensors.ownMemory() },
    }
    slice.set('machine', last)
    refresh()
  }
  refresh()
  let timer = clock.after(sampleEveryMs, sample)

  return {
    [Symbol.dispose]() {
      timer[Symbol.dispose]()
      slice.delete('machine')
    },
  }
}

type CpuTimes = ReturnType<MachineSensors['cpu']>

/** Share of all cores that was busy between two readings, 0 to 100 with one decimal. */
export function cpuPercent(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total
  if (total <= 0) return 0
  const share = Math.min(1, Math.max(0, (after.busy - before.busy) / total))
  return Math.round(share * 1_000) / 10
}

function pushed(history: readonly number[], value: number): number[] {
  return [...history.slice(-(samplesKept - 1)), value]
}
