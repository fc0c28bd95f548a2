import type { DrillPlan, DrillRun, DrillView } from '#shared/contract/index.ts'
import type { Shown } from '../state/shown-state.ts'
import { hour, minute } from './sample-entities.ts'

function run(now: number, id: string, rest: Partial<DrillRun> = {}): DrillRun {
  return {
    id: `jb-${id}`,
    drill: 'kill-api',
    title: 'Kill api',
    service: 'api',
    do: 'kill',
    scheduled: false,
    at: now - 3 * hour,
    endedAt: now - 3 * hour + 1_400,
    state: 'completed',
    detectMs: 12,
    recoverMs: 1_380,
    detectedBy: 'api was ended by SIGKILL.',
    recoveredBy: 'The console started it again.',
    restarts: 1,
    lost: null,
    verdict: 'Noticed after 12 ms, healthy again after 1.4 s.',
    ...rest,
  }
}

/** Drills that were done on the sample site, newest first. */
export function sampleRuns(now: number): DrillRun[] {
  return [
    run(now, 'kill'),
    run(now, 'freeze', {
      drill: 'freeze-kiosk',
      title: 'Freeze kiosk',
      service: 'kiosk',
      do: 'freeze',
      at: now - 26 * hour,
      state: 'failed',
      detectMs: 4_200,
      recoverMs: null,
      recoveredBy: null,
      restarts: 0,
      verdict:
        'It was noticed after 4.2 s, but not put right within 2 min: kiosk is degraded (Not ready: it does not answer). The drill woke what was still frozen.',
    }),
  ]
}

function drill(now: number, id: string, rest: Partial<DrillView> = {}): DrillView {
  return {
    id,
    title: 'Kill api',
    service: 'api',
    do: 'kill',
    declared: false,
    schedule: null,
    nextAt: null,
    withinMs: 2 * minute,
    job: null,
    last: sampleRuns(now).find((each) => each.drill === id) ?? null,
    trend: [],
    commandLine: `wheelhouse drill run ${id}`,
    ...rest,
  }
}

export function sampleDrills(now: number): Shown['drills'] {
  const drills = [
    drill(now, 'kill-api', { trend: [1_900, 1_500, 1_620, 1_410, 1_380] }),
    drill(now, 'freeze-api', { title: 'Freeze api', do: 'freeze' }),
    drill(now, 'freeze-kiosk', { title: 'Freeze kiosk', service: 'kiosk', do: 'freeze' }),
    drill(now, 'cut-broker', {
      title: 'Cut broker',
      service: 'broker',
      do: 'cut-broker',
      declared: true,
      schedule: '0 4 * * 0',
      nextAt: now + 60 * hour,
    }),
  ]
  return Object.fromEntries(drills.map((each) => [each.id, each]))
}

export function samplePlan(id: string, { drills, maintenance }: Shown): DrillPlan {
  const title = drills[id]?.title ?? id
  return {
    sentence: `On purpose, ${title.toLowerCase()}. Then it is measured how long the console takes to notice, and until it is healthy again.`,
    steps: [
      'It is looked at whether it is healthy and nothing else is going on.',
      'The process is killed (SIGKILL).',
      'The console must notice it by itself.',
      'It must be healthy again within 2 min.',
    ],
    services: [
      { id: drills[id]?.service ?? 'api', why: 'is down until the console has started it again' },
      { id: 'kiosk', why: 'needs api, which is not there meanwhile' },
    ],
    risk: 'What it had in memory and had not written down is lost.',
    undo: 'It can be ended at any time: the console starts the service again as it would anyway. It ends by itself after 2 min.',
    refusal: maintenance.maintenance?.on ? 'The drill is not done while maintenance is on.' : null,
    commandLine: `wheelhouse drill run ${id}`,
  }
}
