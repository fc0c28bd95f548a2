import { inTime } from '#core/platform/index.ts'
import { splitCommand } from './command-words.ts'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'

const day = 86_400_000

/** What the schema cannot say of `deploy`: commands that cannot be split, times out of bounds, `busy` with both or neither. */
export function deployFaults({ deploy }: SiteFile): readonly Fault[] {
  const { install, busy, tests, probation, grace } = deploy
  const faults: Fault[] = [
    ...timeFaults(['deploy', 'probation'], probation, 0, day),
    ...timeFaults(['deploy', 'grace'], grace, 1_000, day),
    ...commandFaults(['deploy', 'install', 'run'], install?.run),
    ...commandFaults(['deploy', 'busy', 'run'], busy?.run),
  ]
  if (install) faults.push(...timeFaults(['deploy', 'install', 'within'], install.within, 1_000, day))
  for (const [id, { run, within }] of Object.entries(tests)) {
    const path = ['deploy', 'tests', id]
    faults.push(...commandFaults([...path, 'run'], run), ...timeFaults([...path, 'within'], within, 1_000, day))
  }
  if (busy && (busy.run === undefined) === (busy.file === undefined)) {
    const message = 'deploy.busy needs either `run` or `file`.'
    faults.push({
      code: 'value-missing',
      path: ['deploy', 'busy'],
      at: 'key',
      message,
      remedy: 'Write one of the two.',
    })
  }
  return faults
}

function commandFaults(path: readonly string[], run: DeployCommand): readonly Fault[] {
  if (typeof run !== 'string') return []
  const split = splitCommand(run)
  if (split.ok) return []
  const message = `${path.join('.')} cannot be run: ${split.why}.`
  return [
    {
      code: 'command-bad',
      path: [...path],
      message,
      remedy: 'Write a program and its words; for more, call a script.',
    },
  ]
}

type DeployCommand = string | readonly string[] | undefined

function timeFaults(path: readonly string[], ms: number, least: number, most: number): readonly Fault[] {
  if (ms >= least && ms <= most) return []
  const message = `${path.join('.')} is ${inTime(ms)}, but must be from ${inTime(least)} to ${inTime(most)}.`
  return [{ code: 'number-out-of-range', path: [...path], message, remedy: 'Write a duration such as `2m`.' }]
}
