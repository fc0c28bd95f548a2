import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { template } from './campaign.ts'
import { DriverProcess } from './driver-process.ts'
import { FaultDisk } from './fault-disk.ts'
import { type Acknowledgement, ledgerSchema, noteSchema } from './ledger.ts'
import { prove } from './proof.ts'
import type { Rig } from './rig.ts'
import { scenarios } from './scenarios.ts'
import { type Remainder, SimulatedDisk } from './simulated-disk.ts'
import { type Operation, operationsIn } from './trace.ts'

export interface PowerCuts {
  readonly operations: number
  readonly cuts: number
  /** Durable records that had been acknowledged at the cuts, all together. */
  readonly held: number
  readonly problems: readonly string[]
}

export interface PowerCutOptions {
  /** About how many cuts; each durable acknowledgement is followed by one in any case. */
  readonly cuts: number
  /** Numbers in [0, 1). */
  readonly random: () => number
}

/**
 * Plays a scenario undisturbed and recorded, and then, for many moments of its life, rebuilds the folder as a power cut at that
 * moment would leave it, opens it, and checks that everything durable that had been acknowledged is there.
 */
export async function powerCuts(rig: Rig, name: string, { cuts, random }: PowerCutOptions): Promise<PowerCuts> {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`There is no scenario called ${name}.`)
  const folder = join(rig.folder, `power-${name.replaceAll(' ', '-')}`)
  const disk = new FaultDisk(rig.library, folder)
  const site = join(disk.root, 'site')
  const before = await template(rig, scenario, join(folder, 'template'))
  cpSync(before.folder, site, { recursive: true })
  const simulated = new SimulatedDisk(site)
  disk.record()
  await using driver = new DriverProcess(rig.driver, disk)
  const { ending } = await driver.play({ scenario: name, directory: join(site, '.wheelhouse'), perilous: false })
  disk.disarm()
  if (ending !== 'done') throw new Error(`The scenario ${name} ended otherwise than it should: ${ending}.`)
  const operations = operationsIn(disk.trace)
  const share = cuts / operations.length
  const held: Acknowledgement[] = []
  let made = 0
  let total = 0
  const problems = await cutAlong({
    life: { name, simulated, operations, folder, random },
    choose(operation) {
      const told = durableIn(operation)
      held.push(...told)
      return told.length > 0 || random() < share ? [remainderOf(made++)] : []
    },
    prove(left) {
      total += held.length
      return prove({
        directory: join(left, '.wheelhouse'),
        runtime: rig.runtime,
        ledger: scenario.ledger ?? ledgerSchema,
        acknowledged: [...before.acknowledged, ...held],
        spoiled: scenario.spoils ?? 'nothing',
        powerCut: true,
      })
    },
  })
  return { operations: operations.length, cuts: made, held: total, problems }
}

/** What happened on a disk from one moment on, as it was recorded. */
export interface RecordedLife {
  readonly name: string
  /** The disk as it was before. */
  readonly simulated: SimulatedDisk
  readonly operations: readonly Operation[]
  /** Where to rebuild what is left of it. */
  readonly folder: string
  /** Numbers in [0, 1). */
  readonly random: () => number
}

export interface CutsAlong {
  readonly life: RecordedLife
  /** Whether the power is cut after an operation, and with what left of the rest: once for each that is named. */
  choose(operation: Operation, at: number): readonly Remainder[]
  /** Looks at what was left, in sentences about what is wrong. */
  prove(left: string, at: number): Promise<readonly string[]>
}

/** Goes through a recorded life, cuts the power where it is told to, and has what was left looked at. Returns what was wrong. */
export async function cutAlong({ life, choose, prove }: CutsAlong): Promise<readonly string[]> {
  const { name, simulated, operations, folder, random } = life
  const problems: string[] = []
  for (const [at, operation] of operations.entries()) {
    simulated.apply(operation)
    for (const remainder of choose(operation, at)) {
      const left = join(folder, 'left')
      mkdirSync(left)
      simulated.cut(left, remainder, random)
      const title = `${name}, cut after operation ${at + 1} (${titleOf(operation)}), ${remainder} of the rest`
      problems.push(...(await prove(left, at)).map((problem) => `${title}: ${problem}`))
      rmSync(left, { recursive: true, force: true, maxRetries: 3 })
    }
  }
  return problems
}

const remainders: readonly Remainder[] = ['nothing', 'some', 'all', 'some']

/** What is left at the cuts, by turns. */
export function remainderOf(turn: number): Remainder {
  return remainders[turn % remainders.length] ?? 'nothing'
}

function durableIn(operation: Operation): readonly Acknowledgement[] {
  if (operation.type !== 'mark') return []
  const note = noteSchema.parse(JSON.parse(operation.text))
  if (note.note !== 'acknowledged') throw new Error(`Something was refused on a disk that works: ${note.error}`)
  return note.what.durable ? [note.what] : []
}

function titleOf(operation: Operation): string {
  if (operation.type === 'mark') return 'an acknowledgement'
  return `${operation.type} ${'path' in operation ? operation.path : operation.to}`
}
