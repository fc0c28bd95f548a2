import type { ServiceDefinition, UnitDefinition } from '#core/config/index.ts'
import type { HandOverPlan, UnitView } from '#shared/contract/unit.ts'
import { ConsoleError } from '#shared/problem.ts'
import {
  argumentsOf,
  environmentNames,
  isActive,
  type UnitProperties,
  type UnitState,
  unitState,
} from './unit-properties.ts'
import type { Holding } from './unit-records.ts'

// What is done with a unit, said before it is done: functions from data to data.

/** What a look at a unit found. */
export interface Looked {
  readonly unit: UnitDefinition
  /** Null when systemd could not be asked. */
  readonly properties: UnitProperties | null
  /** Why it could not be asked. */
  readonly sentence: string
}

/** What must be true before the console takes a service over from its unit; undefined when it is. */
export function adoptRefusal(
  service: ServiceDefinition,
  holding: Holding | undefined,
  looked: Looked,
): ConsoleError | undefined {
  const { id } = service
  const refuse = (code: string, message: string, remedy: string, retryable = false) =>
    new ConsoleError(code, message, remedy, { params: { service: id, unit: looked.unit.name }, retryable })
  if (service.kind === 'external') {
    return refuse(
      'unit-not-runnable',
      `The console does not know how to run ${id}: in site.yaml it is \`kind: external\`.`,
      `Write \`kind: process\` and \`run\` beside its \`unit\`, as \`wheelhouse unit ${id}\` shows, and reload site.yaml. systemd runs it on until it is adopted.`,
    )
  }
  if (holding?.phase === 'adopted')
    return refuse('unit-adopted', `The console runs ${id} already.`, `\`wheelhouse release ${id}\` gives it back.`)
  return unitRefusal(looked, refuse, `Remove \`unit\` of ${id} from site.yaml, and the console runs it as its own.`)
}

/** What must be true before a unit can get its service back; undefined when it is. */
export function releaseRefusal(id: string, holding: Holding | undefined, looked: Looked): ConsoleError | undefined {
  const refuse = (code: string, message: string, remedy: string, retryable = false) =>
    new ConsoleError(code, message, remedy, { params: { service: id, unit: looked.unit.name }, retryable })
  if (!holding) {
    return refuse(
      'unit-not-adopted',
      `There is nothing to give back: the console has not taken ${id} over from ${looked.unit.name}.`,
      `\`wheelhouse unit ${id}\` shows how it is.`,
    )
  }
  return unitRefusal(looked, refuse, `Install ${looked.unit.name} again, or remove \`unit\` of ${id} from site.yaml.`)
}

function unitRefusal(
  { unit, properties, sentence }: Looked,
  refuse: (code: string, message: string, remedy: string, retryable?: boolean) => ConsoleError,
  whenMissing: string,
): ConsoleError | undefined {
  const { name } = unit
  if (!properties) return refuse('systemd-not-asked', sentence, 'Try again where systemd answers.', true)
  const state = unitState(properties)
  if (!state || properties.LoadState === 'not-found')
    return refuse('unit-missing', `systemd knows no unit ${name}.`, whenMissing)
  if (properties.LoadState === 'masked' || /^masked/.test(state.startedAtBoot)) {
    const remedy = `\`systemctl unmask ${name}\` takes that back. ${whenMissing}`
    return refuse('unit-masked', `${name} is masked: somebody has forbidden systemd to run it.`, remedy)
  }
  if (properties.LoadState !== undefined && properties.LoadState !== 'loaded') {
    const remedy = `Put its file right (\`systemctl status ${name}\` says what is wrong), then try again.`
    return refuse('unit-bad', `systemd could not read ${name} (${properties.LoadState}).`, remedy)
  }
  if (state.startedAtBoot === 'transient' || state.file?.startsWith('/run/systemd/transient/')) {
    return refuse(
      'unit-transient',
      `${name} is transient: it is gone once it stops, so there would be no way back.`,
      'Install a unit file for it, or stop it by hand and remove `unit` from site.yaml.',
    )
  }
  if (properties.Id !== undefined && properties.Id !== name) {
    return refuse(
      'unit-alias',
      `${name} is only another name of ${properties.Id}.`,
      `Write \`unit: ${properties.Id}\` in site.yaml.`,
    )
  }
  return undefined
}

/** Whether `systemctl disable` is what keeps it from being started with the machine: not for what is linked, static or generated. */
export function isEnabled(startedAtBoot: string): boolean {
  return startedAtBoot === 'enabled' || startedAtBoot === 'enabled-runtime'
}

export interface PlanContext {
  readonly service: ServiceDefinition
  readonly holding: Holding | undefined
  readonly looked: Looked
  /** Who the console runs as. */
  readonly user: string
  /** Where the console keeps what the service writes. */
  readonly logs: readonly string[]
}

export function adoptPlan({ service, holding, looked, user, logs }: PlanContext): HandOverPlan {
  const { id } = service
  const { name } = looked.unit
  const properties = looked.properties ?? {}
  const state = unitState(properties)
  const runs = state !== null && isActive(state)
  const startup = readyWithinMs(service) / 1_000
  return {
    sentence: runs
      ? `${name} is stopped, and the console runs ${id} in its place.`
      : `${name} does not run; the console runs ${id} from now on.`,
    steps: [
      `Write down how ${name} is now, for the way back.`,
      ...(state && isEnabled(state.startedAtBoot)
        ? [`Disable ${name}, so that it is not started with the machine.`]
        : []),
      ...(runs ? [`Stop ${name}, because two copies must never run.`] : []),
      `Start ${id} under the console: ${runWords(service)}.`,
      `Wait until it is ready, at most ${startup} s, and a few seconds more; else stop it and give it back to ${name}.`,
    ],
    touches: [
      ...unitTouches(state, name),
      ...portTouches(service),
      ...logs.map((file) => `its output is written to ${file}`),
    ],
    notes: state ? [...notesOf(service, properties, state, user)] : [],
    undo: `\`wheelhouse release ${id}\` stops it here and gives it back to ${name} as it was before.`,
    commandLine: `wheelhouse adopt ${id}`,
    refusal: toRefusal(adoptRefusal(service, holding, looked)),
  }
}

export function releasePlan({ service, holding, looked }: PlanContext): HandOverPlan {
  const { id } = service
  const { name } = looked.unit
  const before = holding?.before ?? { active: false, enabled: 'unknown' }
  const then = before.active
    ? `Start ${name}, as it ran before.`
    : `Leave ${name} stopped, as it was before: nothing runs ${id} then.`
  return {
    sentence: `The console stops ${id} and gives it back to ${name}.`,
    steps: [
      ...(isEnabled(before.enabled)
        ? [`Enable ${name}, as it was before, so that it is started with the machine.`]
        : []),
      `Stop ${id} here.`,
      then,
      ...(before.active ? [`Should ${name} not run then, start ${id} here again.`] : []),
    ],
    touches: [...unitTouches(unitState(looked.properties ?? {}), name), ...portTouches(service)],
    notes: [],
    undo: `\`wheelhouse adopt ${id}\` takes it over again.`,
    commandLine: `wheelhouse release ${id}`,
    refusal: toRefusal(releaseRefusal(id, holding, looked)),
  }
}

/** What a person writes so that the console could run what the unit runs. Values of the unit's environment may be secrets: not told. */
export function writePlan(id: string, { unit, properties }: Looked): UnitView['write'] {
  if (!properties || !unitState(properties)) return null
  const words = argumentsOf(properties.ExecStart ?? '')
  const { WorkingDirectory: folder = '' } = properties
  const names = environmentNames(properties.Environment ?? '')
  return {
    change: [
      `   ${id}:`,
      '-    kind: external',
      '+    kind: process',
      `+    run: ${JSON.stringify(words)}`,
      ...(folder ? [`+    cwd: ${JSON.stringify(folder)}`] : []),
      ...(names.length > 0 ? ['+    env:', ...names.map((name) => `+      ${name}: …`)] : []),
    ],
    steps: [
      {
        command: 'edit site.yaml',
        why: `Make this change and keep \`unit\`: systemd runs ${id} on, nothing is stopped.`,
      },
      {
        command: 'reload it',
        why: 'In Settings, or by opening the site again; a site from elsewhere is trusted anew.',
      },
      { command: `wheelhouse adopt ${id}`, why: `Stops and disables ${unit.name}, and the console runs ${id}.` },
    ],
    notes: [
      ...(words.length === 0 ? ['systemd does not tell what the unit runs: take `run` from its file.'] : []),
      ...(words.length > 1 ? ['systemd tells its words separated by spaces: look at those that hold one.'] : []),
      ...(names.length > 0
        ? ['The values of its environment are not shown here, because they may be secrets: copy them from the unit.']
        : []),
      ...(properties.EnvironmentFiles ? [`It reads its environment from ${properties.EnvironmentFiles} as well.`] : []),
    ],
  }
}

/** How long a service may take until it is ready, before it is given back. Milliseconds. */
export function readyWithinMs({ probes }: ServiceDefinition): number {
  return probes.startup?.withinMs ?? probes.readiness?.withinMs ?? defaultReadyMs
}

/** Without a probe that says more. */
const defaultReadyMs = 30_000

function unitTouches(state: UnitState | null, name: string): readonly string[] {
  if (!state) return []
  const pid = state.pid === null ? '' : `, pid ${state.pid}`
  return [
    `${name}: ${state.active} (${state.sub})${pid}; started with the machine: ${state.startedAtBoot}`,
    ...(state.file === null ? [] : [`its file ${state.file} stays as it is`]),
  ]
}

function portTouches({ ports }: ServiceDefinition): readonly string[] {
  return Object.entries(ports).map(([port, number]) => `port ${number} (${port})`)
}

function notesOf(
  service: ServiceDefinition,
  properties: UnitProperties,
  state: UnitState,
  user: string,
): readonly string[] {
  const { name = '' } = service.unit ?? {}
  const runsAs = state.user ?? (service.unit?.of === 'user' ? user : 'root')
  const starters = [properties.TriggeredBy, properties.RequiredBy].flatMap((list) =>
    (list ?? '').split(' ').filter(Boolean),
  )
  const hasProbe = service.probes.startup !== null || service.probes.readiness !== null
  return [
    ...(runsAs === user
      ? []
      : [
          `It runs as ${runsAs} now; under the console it will run as ${user}, with that user's rights to files and ports.`,
        ]),
    ...(starters.length === 0
      ? []
      : [`${starters.join(', ')} can start ${name} again; the console then tells so, and starts no copy of its own.`]),
    ...(isEnabled(state.startedAtBoot) || state.startedAtBoot === 'disabled'
      ? []
      : [`${name} is ${state.startedAtBoot}: it is not disabled, so what starts it with the machine may do so again.`]),
    ...(properties.EnvironmentFiles
      ? [`The unit reads its environment from ${properties.EnvironmentFiles}; the console does not.`]
      : []),
    ...(hasProbe
      ? []
      : [
          'It has no startup or readiness probe: it counts as ready when it runs, and is kept when it still does after a few seconds.',
        ]),
  ]
}

function runWords({ kind, run }: ServiceDefinition): string {
  return (kind === 'node' ? ['node', ...run] : run).join(' ')
}

function toRefusal(error: ConsoleError | undefined): HandOverPlan['refusal'] {
  return error ? { message: error.problem.message, remedy: error.problem.remedy } : null
}
