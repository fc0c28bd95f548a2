import type { UnitView } from '#shared/contract/unit.ts'

/** What `systemctl show` tells of a unit, by property. */
export type UnitProperties = Readonly<Record<string, string>>

/** What is asked every few seconds. */
export const watchedProperties = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'MainPID',
  'MemoryCurrent',
  'User',
  'FragmentPath',
] as const

/** What is asked before a unit is handed over. */
export const unitProperties = [
  ...watchedProperties,
  'TriggeredBy',
  'RequiredBy',
  'WantedBy',
  'WorkingDirectory',
  'Environment',
  'EnvironmentFiles',
  'ExecStart',
] as const

/** The lines `Name=value` of `systemctl show`. */
export function parseProperties(text: string): UnitProperties {
  const lines = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=')
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : []
  })
  return Object.fromEntries(lines)
}

export type UnitState = NonNullable<UnitView['state']>

/** How a unit is. Null when systemd does not know it; one whose file is gone and that still runs is known. */
export function unitState(properties: UnitProperties): UnitState | null {
  const isGone = properties.LoadState === undefined || properties.LoadState === 'not-found'
  if (isGone && !isActive({ active: properties.ActiveState ?? 'inactive' })) return null
  const { ActiveState = 'unknown', SubState = 'unknown', UnitFileState = '', User = '', FragmentPath = '' } = properties
  const pid = Number(properties.MainPID)
  const memory = Number(properties.MemoryCurrent || Number.NaN)
  return {
    active: ActiveState,
    sub: SubState,
    startedAtBoot: UnitFileState || 'unknown',
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : null,
    memory: Number.isSafeInteger(memory) ? memory : null, // not counted: the highest number of 64 bits, or [not set]
    user: User || null,
    file: FragmentPath || null,
  }
}

/** Whether something of the unit may run: everything but standing still. */
export function isActive({ active }: Pick<UnitState, 'active'>): boolean {
  return active !== 'inactive' && active !== 'failed'
}

/** "camera.service is active (running), pid 4711; started with the machine: enabled." */
export function stateSentence(unit: string, { active, sub, pid, startedAtBoot }: UnitState): string {
  const who = pid === null ? '' : `, pid ${pid}`
  return `${unit} is ${active} (${sub})${who}; started with the machine: ${startedAtBoot}.`
}

/** `{ path=/usr/bin/x ; argv[]=/usr/bin/x --a b ; ignore_errors=no ; … }` */
export function argumentsOf(execStart: string): readonly string[] {
  const words = / argv\[\]=(.*?) ; ignore_errors=/.exec(execStart)?.[1]
  return words ? words.split(' ').filter((word) => word !== '') : []
}

/** Names of `A=1 "B=two words"`. */
export function environmentNames(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|\s)"?([A-Za-z_][A-Za-z0-9_]*)=/g)].flatMap(([, name]) => name ?? [])
}
