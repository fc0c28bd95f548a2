import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FaultDisk } from '../faults/fault-disk.ts'
import { type Campaign, type FaultChoice, type Lane, type Outcome, playAll, type Run } from '../faults/runs.ts'
import { acknowledgedBefore } from './acknowledged.ts'
import { type ActEnding, ActProcess } from './act-process.ts'
import type { Place } from './acts.ts'
import { type Listing, prove } from './proof.ts'
import type { Rig } from './rig.ts'
import { copyPlace, makeTemplate, placeIn, type Scenario, scenarios, type Template } from './scenarios.ts'

/**
 * Plays a scenario of the backups once undisturbed, to count its operations on the disk of the site and of the repository, and then
 * once for every operation and chosen fault, two at a time; after each the next console opens the site and everything is checked.
 */
export async function backupCampaign(
  rig: Rig,
  name: string,
  choose: FaultChoice,
  onProblem: (problem: string) => void = () => {},
): Promise<Campaign> {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`There is no scenario called ${name}.`)
  const folder = join(rig.folder, name.replaceAll(' ', '-'))
  mkdirSync(folder, { recursive: true })
  const template = await makeTemplate(scenario, rig, join(folder, 'template'))
  const lane = (at: string) => new BackupLane(rig, name, scenario, join(folder, at), template)
  try {
    return await playAll([lane('a'), lane('b')], choose, onProblem)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** One disk with one console, played on again and again. */
class BackupLane implements Lane {
  readonly #rig: Rig
  readonly #name: string
  readonly #scenario: Scenario
  readonly #template: Template
  readonly #folder: string
  readonly #disk: FaultDisk
  readonly #process: ActProcess
  #played = 0

  constructor(rig: Rig, name: string, scenario: Scenario, folder: string, template: Template) {
    this.#rig = rig
    this.#name = name
    this.#scenario = scenario
    this.#template = template
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
    this.#disk = new FaultDisk(rig.library, folder, { wide: true })
    this.#process = new ActProcess({ driver: rig.driver, folder, env: this.#disk.env })
  }

  async play(run?: Run): Promise<Outcome> {
    const number = `${++this.#played}`
    const { act, peril } = this.#scenario
    // The console's own store has proofs of its own (test/faults): its disk works.
    const place = { ...placeIn(join(this.#disk.root, number)), own: join(this.#folder, 'own', number) }
    copyPlace(this.#template.place, place)
    const acknowledged = acknowledgedBefore(this.#scenario, place)
    this.#disk.prepare(run?.fault, run?.k)
    const ending = await this.#process.play({ ...place, act, peril })
    const { count, failed, what } = this.#disk.operations
    this.#disk.disarm()
    if (ending === 'killed') this.#process.warm()
    const reached = !run || failed > 0
    const problems = reached ? await this.#problems(place, run, ending, acknowledged) : []
    for (const folder of [join(this.#disk.root, number), place.own]) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    }
    const title = run ? `${this.#name}, operation ${run.k} (${what}), ${run.fault}` : `${this.#name}, undisturbed`
    return { operations: count, reached, problems: problems.map((problem) => `${title}: ${problem}`) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]()
  }

  async #problems(place: Place, run: Run | undefined, ending: ActEnding, acknowledged: Map<string, Listing>) {
    const { before, after } = this.#template
    const told = typeof ending === 'string' ? undefined : ending
    if (told?.snapshot) acknowledged.set(told.snapshot, before)
    const { ends } = this.#scenario
    const both = ends.includes('before') && ends.includes('after')
    const asTold = told?.state === 'completed' ? ['after'] : ['before']
    const expectedEnd = run?.fault === 'crash' ? 'killed' : undefined
    const problems = [
      ...(typeof ending === 'string' && ending !== expectedEnd ? [`the console's end: ${ending}`] : []),
      ...(run || told?.state === 'completed' ? [] : [`it does not even work undisturbed: ${JSON.stringify(ending)}`]),
    ]
    const mayBe = both && told ? asTold : ends
    const states = { before, after }
    const { runtime } = this.#rig
    return [
      ...problems,
      ...(await prove({ place, runtime, ending, states, mayBe, acknowledged, faulty: run !== undefined })),
    ]
  }
}
