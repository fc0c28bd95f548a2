import type { UnitView } from '#shared/contract/unit.ts'

/** What `systemctl show` tells of a unit, by property. */
export type UnitProperties = Readonly<Record<string, string>>

/** The properties that are asked for. */
export const unitProperties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'MainPID',
  'MemoryCurrent',
  'User',
  'FragmentPath',
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

/** How a unit is. Null when systemd does not know it. */
export function unitState(properties: UnitProperties): UnitView['state'] {
  if (properties.LoadState === undefined || properties.LoadState === 'not-found') return null
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

/**
 * What letting the console run a unit's program takes, and the way back. Values of the unit's environment are not told: they may be
 * secrets. `root`: whether the console itself has the rights for it.
 */
export function takeOverPlan(
  service: string,
  unit: string,
  properties: UnitProperties,
  { root, user }: { readonly root: boolean; readonly user: string },
): NonNullable<UnitView['plan']> {
  const sudo = root ? '' : 'sudo '
  const words = argumentsOf(properties.ExecStart ?? '')
  const { WorkingDirectory: folder = '', User: owner = '' } = properties
  const names = environmentNames(properties.Environment ?? '')
  const runsAs = owner || 'root'
  return {
    steps: [
      { command: `${sudo}systemctl disable ${unit}`, why: 'systemd does not start it with the machine any more.' },
      { command: `${sudo}systemctl stop ${unit}`, why: 'Two copies of it must never run.' },
      {
        command: 'edit site.yaml',
        why: `Make the change below, then reload it in Settings: ${service} is the console’s.`,
      },
      { command: `wheelhouse start ${service}`, why: 'The console starts it and watches over it from then on.' },
    ],
    change: [
      `   ${service}:`,
      '-    kind: external',
      `-    unit: ${unit}`,
      '+    kind: process',
      `+    run: ${JSON.stringify(words)}`,
      ...(folder ? [`+    cwd: ${JSON.stringify(folder)}`] : []),
      ...(names.length > 0 ? ['+    env:', ...names.map((name) => `+      ${name}: …`)] : []),
    ],
    notes: [
      ...(words.length === 0 ? ['systemd does not tell what the unit runs: take `run` from its file.'] : []),
      ...(words.length > 1 ? ['systemd tells its words separated by spaces: look at those that hold one.'] : []),
      ...(names.length > 0
        ? ['The values of its environment are not shown here, because they may be secrets: copy them from the unit.']
        : []),
      ...(properties.EnvironmentFiles ? [`It reads its environment from ${properties.EnvironmentFiles} as well.`] : []),
      ...(runsAs === user ? [] : [`It runs as ${runsAs} now; under the console it will run as ${user}.`]),
    ],
    back: [
      { command: `wheelhouse stop ${service}`, why: 'The console lets go of it.' },
      { command: 'edit site.yaml', why: 'Take the change back and reload it.' },
      { command: `${sudo}systemctl enable --now ${unit}`, why: 'systemd starts it now and with the machine.' },
    ],
  }
}

/** `{ path=/usr/bin/x ; argv[]=/usr/bin/x --a b ; ignore_errors=no ; … }` */
function argumentsOf(execStart: string): readonly string[] {
  const words = / argv\[\]=(.*?) ; ignore_errors=/.exec(execStart)?.[1]
  return words ? words.split(' ').filter((word) => word !== '') : []
}

/** Names of `A=1 "B=two words"`. */
function environmentNames(text: string): readonly string[] {
  return [...text.matchAll(/(?:^|\s)"?([A-Za-z_][A-Za-z0-9_]*)=/g)].flatMap(([, name]) => name ?? [])
}
