import type { LogPage, ServiceProcesses, SignalName, UnitView } from '#shared/contract/index.ts'

const minute = 60_000

/** The calls about processes and logs of a drawn site, told to `note`. */
export function processCalls(note: (call: string, input?: unknown) => void) {
  return {
    processes: async ({ service }: { readonly service: string }) => sampleProcesses(service, Date.now()),
    unit: async ({ service }: { readonly service: string }) => ({
      service,
      unit: `${service}.service`,
      ...sampleUnit(service),
    }),
    adopt: async (input: { readonly service: string }) => {
      note('services.adopt', input)
      return { job: 'jb-adopt' }
    },
    release: async (input: { readonly service: string }) => {
      note('services.release', input)
      return { job: 'jb-release' }
    },
    signal: async (input: { readonly service: string; readonly signal: SignalName }) => {
      note('services.signal', input)
      return { sentence: `${input.signal} was sent to ${input.service} (pid 4711).` }
    },
    searchLog: async (input: { readonly service: string; readonly text: string }) => {
      note('services.searchLog', input)
      return samplePage(input.text, Date.now())
    },
  }
}

/** A unit that runs a service which the console could take over. */
function sampleUnit(service: string): Omit<UnitView, 'service' | 'unit'> {
  return {
    of: 'system',
    holder: 'systemd',
    sentence: `${service}.service is active (running), pid 812; started with the machine: enabled.`,
    state: {
      active: 'active',
      sub: 'running',
      startedAtBoot: 'enabled',
      pid: 812,
      memory: 52_428_800,
      user: 'camera',
      file: `/etc/systemd/system/${service}.service`,
    },
    adopt: {
      sentence: `${service}.service is stopped, and the console runs ${service} in its place.`,
      steps: [
        `Write down how ${service}.service is now, for the way back.`,
        `Disable ${service}.service, so that it is not started with the machine.`,
        `Stop ${service}.service, because two copies must never run.`,
        `Start ${service} under the console: python3 watch_camera.py.`,
        `Wait until it is ready, at most 20 s, and a few seconds more; else stop it and give it back to ${service}.service.`,
      ],
      touches: [`${service}.service: active (running), pid 812`, 'port 8101 (http)'],
      notes: [
        "It runs as camera now; under the console it will run as lab, with that user's rights to files and ports.",
      ],
      undo: `\`wheelhouse release ${service}\` stops it here and gives it back to ${service}.service as it was before.`,
      commandLine: `wheelhouse adopt ${service}`,
      refusal: null,
    },
    release: null,
    write: null,
  }
}

/** A service of three processes, with a port that site.yaml does not know and a limit that is passed. */
export function sampleProcesses(service: string, now: number): ServiceProcesses {
  const child = { memory: 31 * 1024 ** 2, ageMs: 180 * minute, openFiles: 19, strayed: false }
  return {
    service,
    at: now,
    sentence: null,
    startedAt: now - 180 * minute,
    processes: [
      {
        ...child,
        pid: 4711,
        parent: 812,
        depth: 0,
        name: `node ${service}.mjs`,
        cpu: 12.4,
        memory: 540 * 1024 ** 2,
        openFiles: 44,
      },
      { ...child, pid: 4720, parent: 4711, depth: 1, name: 'ffmpeg', cpu: 88 },
      {
        ...child,
        pid: 4801,
        parent: 1,
        depth: 0,
        name: 'python3 watch_camera.py',
        cpu: 0,
        openFiles: null,
        strayed: true,
      },
    ],
    notShown: 0,
    ports: [
      { protocol: 'tcp', address: '127.0.0.1', port: 8101, pid: 4711, name: 'http', beyondLoopback: false },
      { protocol: 'tcp', address: '0.0.0.0', port: 9229, pid: 4711, name: null, beyondLoopback: true },
    ],
    silent: [{ name: 'admin', port: 8102 }],
    openFiles: 63,
    complete: false,
    limits: [
      { what: 'memory', most: 500 * 1024 ** 2, now: 602 * 1024 ** 2, over: true },
      { what: 'cpu', most: 150, now: 100, over: false },
    ],
    signals: [
      { signal: 'SIGHUP', may: true, sentence: 'It has code for this signal.' },
      {
        signal: 'SIGUSR2',
        may: false,
        sentence: 'It has no code for this signal, so the system would end it.',
      },
    ],
  }
}

function samplePage(text: string, now: number): LogPage {
  const lines = [1, 2, 3].map((n) => {
    const at = now - n * 60 * minute
    return {
      at,
      stream: n === 2 ? ('err' as const) : ('out' as const),
      text: `${new Date(at).toISOString()} ${text} ${n}`,
    }
  })
  return { lines, next: '7@4096,done', bytes: 48_000_000, ms: 210, sentence: null }
}
