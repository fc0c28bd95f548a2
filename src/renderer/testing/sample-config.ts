import type { Connection } from '#shared/client/index.ts'
import type { ConfigValueView } from '#shared/contract/index.ts'

/** A few values from different sources. */
export const sampleValues: readonly ConfigValueView[] = [
  value('site', 'consultease', 'site-file', 'site.yaml', 2),
  value('services.api.env.LOG', 'debug', 'profile', 'profile development', 14),
  value('services.api.ports.http', 18_101, 'site-file', 'site.yaml', 31),
  value('services.api.env.API_TOKEN', null, 'site-file', 'site.yaml', 33),
  value('backup.keep.daily', 7, 'default', 'default', null),
  value('zone', 'Asia/Manila', 'include', 'conf/lab.ini', 1),
]

/** The calls of the configuration as the scripted console answers them. */
export function configCalls(_note: (call: string, input?: unknown) => void): Connection['calls']['config'] {
  return {
    values: () =>
      Promise.resolve({
        values: [...sampleValues],
        layers: [
          { kind: 'default', name: 'default' },
          { kind: 'site-file', name: 'site.yaml' },
          { kind: 'include', name: 'conf/lab.ini' },
          { kind: 'profile', name: 'profile development' },
        ],
      }),
  }
}

function value(
  path: string,
  is: unknown,
  kind: ConfigValueView['kind'],
  source: string,
  line: number | null,
): ConfigValueView {
  const file = kind === 'default' ? null : `/srv/consultease/${kind === 'include' ? source : 'site.yaml'}`
  return { path, value: is, hidden: path.endsWith('TOKEN'), kind, source, file, line }
}
