import type { Connection } from '#shared/client/index.ts'
import type { ConfigChangeView, ConfigPlanView, ConfigValueView, ConfigVersionView } from '#shared/contract/index.ts'

/** A few values from different sources. */
export const sampleValues: readonly ConfigValueView[] = [
  value('site', 'consultease', 'site-file', 'site.yaml', 2),
  value('services.api.env.LOG', 'debug', 'profile', 'profile development', 14),
  value('services.api.ports.http', 18_101, 'site-file', 'site.yaml', 31),
  value('services.api.env.API_TOKEN', null, 'site-file', 'site.yaml', 33),
  value('backup.keep.weekly', 2, 'override', 'set here', null),
  value('backup.keep.daily', 7, 'default', 'default', null),
  value('zone', 'Asia/Manila', 'include', 'conf/lab.ini', 1),
]

export const sampleVersions: readonly ConfigVersionView[] = [
  { id: 3, at: Date.now() - 3_600_000, why: 'services.api.env.LOG was set', bytes: 4_100, inUse: true },
  { id: 2, at: Date.now() - 90_000_000, why: 'site.yaml changed on disk', bytes: 4_080, inUse: false },
  { id: 1, at: Date.now() - 400_000_000, why: 'the site was opened', bytes: 3_900, inUse: false },
]

export const sampleChanges: readonly ConfigChangeView[] = [
  { path: 'services.api.env.LOG', what: 'changed', before: 'info', after: 'debug', hidden: false },
  { path: 'backup.keep.daily', what: 'added', before: null, after: 14, hidden: false },
]

export const samplePlanOfConfig: ConfigPlanView = {
  problems: [],
  changes: [{ path: 'services.api.env.LOG', what: 'changed', before: 'debug', after: 'info', hidden: false }],
  touch: {
    sentence: 'This restarts api.',
    restarts: ['api'],
    stops: [],
    added: [],
    routes: [],
    sections: ['services'],
  },
  trust: false,
}

/** The calls of the configuration as the scripted console answers them. */
export function configCalls(note: (call: string, input?: unknown) => void): Connection['calls']['config'] {
  const done = (call: string) => (input: unknown) => {
    note(call, input)
    return Promise.resolve({})
  }
  return {
    plan: () => Promise.resolve(samplePlanOfConfig),
    apply: () => {
      note('config.apply')
      return Promise.resolve({ job: null })
    },
    export: ({ format }) => Promise.resolve({ text: `# ${format}\nsite: consultease\n`, leftOut: [] }),
    set: done('config.set'),
    unset: done('config.unset'),
    restore: done('config.restore'),
    versions: () => Promise.resolve({ versions: [...sampleVersions] }),
    compare: () => Promise.resolve({ changes: [...sampleChanges] }),
    values: () =>
      Promise.resolve({
        values: [...sampleValues],
        layers: [
          { kind: 'default', name: 'default', at: null },
          { kind: 'site-file', name: 'site.yaml', at: null },
          { kind: 'include', name: 'conf/lab.ini', at: null },
          { kind: 'profile', name: 'profile development', at: null },
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
