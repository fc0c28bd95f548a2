import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DriverProcess } from './driver-process.ts'
import { FaultDisk } from './fault-disk.ts'
import { type Acknowledgement, ledgerSchema, type Note } from './ledger.ts'
import { prove } from './proof.ts'
import type { Rig } from './rig.ts'
import { type Campaign, type FaultChoice, type Lane, type Outcome, playAll, type Run } from './runs.ts'
import { quietStage, type Scenario, scenarios } from './scenarios.ts'

/**
 * Plays a scenario once undisturbed, to count its operations, and then once for every operation and chosen fault, each in a
 * folder of its own, two at a time; after each the folder is opened on a disk that works, and everything is checked.
 */
export async function campaign(
  rig: Rig,
  name: string,
  choose: FaultChoice,
  onProblem: (problem: string) => void = () => {},
): Promise<Campaign> {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`There is no scenario called ${name}.`)
  const folder = join(rig.folder, name.replaceAll(' ', '-'))
  const before = await template(rig, scenario, join(folder, 'template'))
  const lane = (at: string) => new StoreLane(rig, name, scenario, join(folder, at), before)
  try {
    return await playAll([lane('a'), lane('b')], choose, onProblem)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

export interface Template {
  readonly folder: string
  readonly acknowledged: readonly Acknowledgement[]
}

/** Prepares what a scenario begins with. */
export async function template(rig: Rig, scenario: Scenario, folder: string): Promise<Template> {
  mkdirSync(folder, { recursive: true })
  const acknowledged: Acknowledgement[] = []
  const take = (note: Note) => {
    if (note.note !== 'acknowledged') throw new Error(`The scenario could not be prepared: ${note.error}`)
    acknowledged.push(note.what)
  }
  await scenario.prepare?.(quietStage({ directory: join(folder, '.wheelhouse'), runtime: rig.runtime, take }))
  return { folder, acknowledged }
}

/** One disk with one driver, played on again and again. */
class StoreLane implements Lane {
  readonly #rig: Rig
  readonly #name: string
  readonly #scenario: Scenario
  readonly #before: Template
  readonly #disk: FaultDisk
  readonly #process: DriverProcess
  #played = 0

  constructor(rig: Rig, name: string, scenario: Scenario, folder: string, before: Template) {
    this.#rig = rig
    this.#name = name
    this.#scenario = scenario
    this.#before = before
    this.#disk = new FaultDisk(rig.library, folder)
    this.#process = new DriverProcess(rig.driver, this.#disk)
  }

  async play(run?: Run): Promise<Outcome> {
    const folder = join(this.#disk.root, `${++this.#played}`)
    cpSync(this.#before.folder, folder, { recursive: true })
    const directory = join(folder, '.wheelhouse')
    this.#disk.prepare(run?.fault, run?.k)
    const { ending, notes } = await this.#process.play({ scenario: this.#name, directory, perilous: true })
    const { count, failed, what } = this.#disk.operations
    if (ending !== 'done') this.#process.warm()
    const crashed = run?.fault === 'crash' && failed > 0
    const problems = [
      ...(ending === (crashed ? 'killed' : 'done') ? [] : [`the program's end: ${ending}`]),
      ...notes.flatMap((note) => complaint(note, run)),
      ...(await this.#proven(directory, notes)),
    ]
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    const title = run ? `${this.#name}, operation ${run.k} (${what}), ${run.fault}` : `${this.#name}, undisturbed`
    return {
      operations: count,
      reached: !run || failed > 0,
      problems: problems.map((problem) => `${title}: ${problem}`),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }

  #proven(directory: string, notes: readonly Note[]): Promise<readonly string[]> {
    const told = notes.flatMap((note) => (note.note === 'acknowledged' ? [note.what] : []))
    return prove({
      directory,
      runtime: this.#rig.runtime,
      ledger: this.#scenario.ledger ?? ledgerSchema,
      acknowledged: [...this.#before.acknowledged, ...told],
      spoiled: this.#scenario.spoils ?? 'nothing',
    })
  }
}

/** Nothing may be refused without a fault, and with one only in a sentence for the operator; nothing may be thrown unseen. */
function complaint(note: Note, run: Run | undefined): readonly string[] {
  if (note.note === 'uncaught') return [`an exception that nobody took: ${note.error}`]
  if (note.note === 'refused' && !run) return [`refused: ${note.error}`]
  return note.note === 'refused' && !note.sentence ? [`refused without a sentence: ${note.error}`] : []
}
