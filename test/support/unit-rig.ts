import { join } from 'node:path'
import type { ServiceDefinition } from '#core/config/index.ts'
import { type Clock, type CrashPoints, noCrashPoints, silentLogger, systemClock } from '#core/platform/index.ts'
import { openUnits, type Units } from '#core/units/index.ts'
import { order, type ServiceRig, serviceRig } from './service-rig.ts'
import { probeOf, serviceOf } from './site-definition.ts'

export interface UnitRigOptions {
  /** The site's folder, and where its service keeps what it does. */
  readonly directory: string
  readonly state: string
  readonly clock?: Clock
  readonly crashPoints?: CrashPoints
  /** How long the service may take to be ready; 10 s unless told. */
  readonly withinMs?: number
}

export type UnitRig = ServiceRig & { readonly units: Units }

/** A coordinator whose one service `camera` a unit of systemd runs, opened as a console opens it: what was half done is settled. */
export async function unitRig({
  directory,
  state,
  clock,
  crashPoints,
  withinMs = 10_000,
}: UnitRigOptions): Promise<UnitRig> {
  const opened: Units[] = []
  const rig = await serviceRig({
    directory,
    services: [cameraOf(state, withinMs)],
    units: (ground) => {
      const units = openUnits({
        ...ground,
        assertStartable: () => {},
        clock: clock ?? systemClock(),
        logger: silentLogger,
        crashPoints: crashPoints ?? noCrashPoints,
        serves: true,
      })
      opened.push(units)
      return units
    },
  })
  const [units] = opened
  if (!units) throw new Error('The rig opened no units.')
  await units.settle(order.cause)
  await rig.coordinator.takeUp(order.cause)
  await rig.coordinator.start('all', order)
  for (const { id } of rig.jobs.running()) await rig.jobs.finished(id)
  const { [Symbol.asyncDispose]: dispose } = rig
  return Object.defineProperties(Object.create(rig), {
    units: { value: units },
    [Symbol.asyncDispose]: { value: () => dispose.call(rig) },
  })
}

/** The service as site.yaml would have it: the console knows how to run it, and which unit does. */
function cameraOf(state: string, withinMs: number): ServiceDefinition {
  const ready = probeOf({ type: 'command', run: ['test', '-e', join(state, 'ready')] }, { everyMs: 100, withinMs })
  return serviceOf('camera', {
    kind: 'process',
    run: ['sh', join(state, 'camera.sh'), state, 'console'],
    unit: { name: 'camera.service', of: 'system' },
    restart: {
      policy: 'always',
      backoff: { firstMs: 50, factor: 1, capMs: 50 },
      budget: { starts: 2, perMs: 600_000 },
      forgiveMs: 600_000,
    },
    probes: { startup: ready, readiness: null, liveness: null },
  })
}
