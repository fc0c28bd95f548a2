import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FaultDisk } from '../faults/fault-disk.ts'
import { cutAlong, remainderOf } from '../faults/power-cut.ts'
import { SimulatedDisk } from '../faults/simulated-disk.ts'
import { operationsIn } from '../faults/trace.ts'
import { acknowledgedBefore } from './acknowledged.ts'
import { ActProcess } from './act-process.ts'
import type { Place } from './acts.ts'
import { type ProofOptions, prove, repositoryProblems } from './proof.ts'
import { lookIntoRepository } from './repository-look.ts'
import type { Rig } from './rig.ts'
import { copyPlace, makeTemplate, scenarios } from './scenarios.ts'

export interface BackupPowerCuts {
  readonly operations: number
  /** Cuts after which the repository was read by a reader of its own. */
  readonly looks: number
  /** Those after which the next console opened the site, recovered and took a backup. */
  readonly openings: number
  readonly problems: readonly string[]
}

export interface BackupPowerCutOptions {
  /** About how many of the fsyncs are followed by a cut that the repository is read after; all of them unless told. */
  readonly looks?: number
  /** About how many of the cuts a console opens the site after; all of them unless told. */
  readonly openings?: number
  /** Numbers in [0, 1). */
  readonly random: () => number
}

/**
 * Plays a scenario of the backups undisturbed and recorded, site, repository and the console's own store on one disk, and rebuilds
 * that disk as a power cut after each fsync would leave it. Every snapshot that is listed then must be whole, those that had been
 * acknowledged must be there, and the next console must bring the site into one of its states.
 */
export async function backupPowerCuts(
  rig: Rig,
  name: string,
  { looks = Number.POSITIVE_INFINITY, openings = Number.POSITIVE_INFINITY, random }: BackupPowerCutOptions,
): Promise<BackupPowerCuts> {
  const scenario = scenarios[name]
  if (!scenario) throw new Error(`There is no scenario called ${name}.`)
  const folder = join(rig.folder, `power-${name.replaceAll(' ', '-')}`)
  mkdirSync(folder, { recursive: true })
  const template = await makeTemplate(scenario, rig, join(folder, 'template'))
  const disk = new FaultDisk(rig.library, folder)
  const place = onOneDisk(join(disk.root, 'all'))
  copyPlace(template.place, place)
  const acknowledged = acknowledgedBefore(scenario, place)
  const simulated = new SimulatedDisk(disk.root)
  disk.record()
  const ending = await played(rig, folder, disk, { ...place, act: scenario.act, peril: 'none' as const })
  const operations = operationsIn(disk.trace)
  const syncs = operations.filter(({ type }) => type === 'sync').length
  const last = operations.length - 1
  const done = { looks: 0, openings: 0 }
  const { before, after } = template
  const problems = await cutAlong({
    life: { name, simulated, operations, folder, random },
    choose({ type }, at) {
      if (at === last) return ['nothing', 'all']
      return type === 'sync' && random() < looks / syncs ? [remainderOf(done.looks)] : []
    },
    async prove(left, at) {
      done.looks++
      const found = onOneDisk(join(left, 'all'))
      // Only now the operator was told.
      const told = at === last && ending.snapshot !== null ? [[ending.snapshot, before] as const] : []
      const promised = new Map([...acknowledged, ...told])
      const wrong = repositoryProblems({ found: lookIntoRepository(found.folder), acknowledged: promised })
      if (at !== last && random() >= openings / Math.min(looks, syncs)) return wrong
      done.openings++
      const { ends } = scenario
      const proof: ProofOptions = {
        place: found,
        runtime: rig.runtime,
        ending: 'killed',
        states: { before, after },
        mayBe: at === last && ends.length > 1 ? ['after'] : ends,
        acknowledged: promised,
        faulty: true,
        powerCut: true,
      }
      return [...wrong, ...(await prove(proof))]
    },
  })
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  return { operations: operations.length, ...done, problems }
}

/** As on the one PC: the console's store lies in the site. */
function onOneDisk(folder: string): Place {
  const site = join(folder, 'site')
  return { site, folder: join(folder, 'backups'), own: join(site, '.wheelhouse') }
}

async function played(rig: Rig, folder: string, disk: FaultDisk, request: Parameters<ActProcess['play']>[0]) {
  await using console = new ActProcess({ driver: rig.driver, folder, env: disk.env })
  const ending = await console.play(request)
  disk.disarm()
  if (typeof ending !== 'string' && ending.state === 'completed') return ending
  throw new Error(`${request.act} does not even work undisturbed: ${JSON.stringify(ending)}`)
}
