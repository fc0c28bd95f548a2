import type { DrillPlan } from '#shared/contract/drills.ts'
import type { ServiceView } from '#shared/contract/state.ts'
import type { Drill } from './drill-list.ts'

/** The same on the command line. */
export function commandLineOf(drill: string): string {
  return `wheelhouse drill run ${drill}`
}

/** Milliseconds in words: "12 ms", "3.4 s", "30 s" for what was set to that, "2 min 5 s". */
export function msInWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${ms % 1_000 === 0 ? ms / 1_000 : (ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`
}

/** What is done, as a clause after "Drill:". */
export function deedWords({ do: deed }: Pick<Drill, 'do'>, title: string): string {
  switch (deed) {
    case 'kill':
      return `${title} is killed (SIGKILL)`
    case 'freeze':
      return `${title} is frozen (SIGSTOP)`
    case 'cut-broker':
      return `${title} is cut off with all its connections`
    case 'corrupt-database':
      return `pages of ${title} are overwritten`
  }
}

/** What a drill will do, from the state that is shown now. */
export function planOf(
  drill: Drill,
  services: Readonly<Record<string, ServiceView>>,
  refusal: string | null,
): DrillPlan {
  const title = services[drill.service]?.title ?? drill.service
  const within = msInWords(drill.withinMs)
  return {
    sentence: `On purpose, ${deedWords(drill, title)}. Then it is measured how long the console takes to notice, and until it is healthy again.`,
    steps: stepsOf(drill, title, within),
    services: [
      { id: drill.service, why: meanwhile[drill.do] },
      ...dependentsOf(drill.service, services).map((id) => ({
        id,
        why: `needs ${drill.service}, which is not there meanwhile`,
      })),
    ],
    risk: risks[drill.do],
    undo: `It can be ended at any time: ${undos[drill.do]}. It ends by itself after ${within}.`,
    refusal,
    commandLine: commandLineOf(drill.id),
  }
}

function stepsOf({ do: deed }: Drill, title: string, within: string): readonly string[] & string[] {
  const copy = deed === 'corrupt-database' ? ['A copy of it is taken and checked.'] : []
  const act = `${deedWords({ do: deed }, title)}.`
  return [
    'It is looked at whether it is healthy and nothing else is going on.',
    ...copy,
    `${act.charAt(0).toUpperCase()}${act.slice(1)}`,
    'The console must notice it by itself.',
    `${title} must be healthy again within ${within}.`,
  ]
}

const meanwhile = {
  kill: 'is down until the console has started it again',
  freeze: 'does not answer until the console has replaced it',
  'cut-broker': 'is down until the console has started it again; every client must connect anew',
  'corrupt-database': 'is stopped with those that need it while the copy is put in place',
} as const satisfies Readonly<Record<Drill['do'], string>>

const risks = {
  kill: 'What it had in memory and had not written down is lost.',
  freeze: 'Who calls it meanwhile waits; what it had in memory is lost when it is replaced.',
  'cut-broker':
    'What it keeps in memory (retained messages, sessions) and what clients send with QoS 0 meanwhile is lost.',
  'corrupt-database': 'What is written to it between the copy and the end of the recovery is lost.',
} as const satisfies Readonly<Record<Drill['do'], string>>

const undos = {
  kill: 'the console starts the service again as it would anyway',
  freeze: 'what is frozen is woken, also when the console itself ends',
  'cut-broker': 'the console starts the broker again as it would anyway',
  'corrupt-database': 'the pages get back what they held',
} as const satisfies Readonly<Record<Drill['do'], string>>

/** Those that need a service, directly or through others. */
export function dependentsOf(service: string, services: Readonly<Record<string, ServiceView>>): readonly string[] {
  const found = new Set<string>()
  const open = [service]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const dependent of services[id]?.dependents ?? []) {
      if (found.has(dependent) || dependent === service) continue
      found.add(dependent)
      open.push(dependent)
    }
  }
  return [...found]
}
