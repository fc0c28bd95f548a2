import type { Connection } from '#shared/client/index.ts'
import { contractVersion, type RestorePlan, type ServiceAction, type Touch } from '#shared/contract/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { sampleClients } from './sample-clients.ts'
import { configCalls } from './sample-config.ts'
import { sampleDeployPlan } from './sample-deploys.ts'
import { deviceCalls } from './sample-devices.ts'
import { samplePlan, sampleRuns } from './sample-drills.ts'
import { job } from './sample-entities.ts'
import { keepingCalls } from './sample-keeping.ts'
import { sampleOutbox } from './sample-outbox.ts'
import { sampleAttempts } from './sample-policies.ts'
import { processCalls } from './sample-processes.ts'
import { recordingCalls } from './sample-recordings.ts'
import { sampleDifference } from './sample-releases.ts'
import { routeCalls } from './sample-routes.ts'
import { sampleSnapshotFiles } from './sample-snapshot-files.ts'
import { sampleTopics } from './sample-topics.ts'
import { sampleVerification } from './sample-verification.ts'
import { sampleWhy } from './sample-why.ts'
import type { ScriptedConsole } from './scripted-console.ts'
import type { ScriptedLog } from './scripted-log.ts'

/** The calls of the contract as the scripted console answers them. */
export function scriptedCalls(host: ScriptedConsole): Connection['calls'] {
  const note = (call: string, input: unknown = null) => {
    host.asked.push({ call, input })
  }
  const start = (call: string, input: unknown, title: string, kind: string, subject = 'site') => {
    note(call, input)
    if (host.refusingJobs) {
      const { code, message, remedy } = host.refusingJobs
      return Promise.reject(new ConsoleError(code, message, remedy))
    }
    const id = `jb-${host.asked.length}`
    host.change('jobs', { [id]: job(Date.now(), id, { title, kind, subject }) })
    return Promise.resolve({ job: id })
  }
  const onStore = (verb: string, title: string, input: { readonly database: string }) =>
    start(`store.${verb}`, input, `${title} the ${input.database} database`, `store.${verb}`, `store:${input.database}`)
  const onDatabase = (verb: string, title: string, input: { readonly service: string }) =>
    start(`databases.${verb}`, input, `${title} ${input.service}`, `database.${verb}`, `database:${input.service}`)
  const done = async (call: string, input: unknown = null) => {
    note(call, input)
    return {}
  }
  const opened = async (call: string, input: unknown = null) => {
    note(call, input)
    if (JSON.stringify(input)?.includes('nowhere')) {
      throw new ConsoleError(
        'folder-missing',
        'The folder /nowhere does not exist.',
        'Check the path, or choose another folder.',
      )
    }
    return { site: 'consultease' }
  }
  const logged = async <T>(call: string, input: unknown, answer: (log: ScriptedLog) => T): Promise<T> => {
    host.read.push({ call, input })
    const { delay = 0, failing = false } = host.logs
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    if (failing) throw new ConsoleError('store-closed', 'The store is closed.', 'Open the site again.')
    return answer(host.log)
  }
  return {
    console: {
      info: () =>
        host.hanging
          ? new Promise(() => {})
          : Promise.resolve({ version: '0.1.0', contract: contractVersion, host: 'headless' as const, pid: 1 }),
      openSite: (input) => opened('console.openSite', input),
      openSample: () => opened('console.openSample'),
      resetSample: () => opened('console.resetSample'),
      closeSite: () => done('console.closeSite'),
      chooseFolder: async () => ({ directory: '/srv/chosen' }),
      openFolder: async (input) => {
        note('console.openFolder', input)
        return { path: '/srv' }
      },
      openPage: (input) => done('console.openPage', input),
    },
    site: {
      reload: async () => {
        note('site.reload')
        return { valid: true }
      },
      trust: (input) => done('site.trust', input),
    },
    services: {
      start: (input) => start('services.start', input, `Start ${input.service}`, 'services.start'),
      stop: (input) => start('services.stop', input, `Stop ${input.service}`, 'services.stop'),
      restart: (input) => start('services.restart', input, `Restart ${input.service}`, 'services.restart'),
      startAll: () => start('services.startAll', null, 'Start all services', 'services.start'),
      stopAll: () => start('services.stopAll', null, 'Stop all services', 'services.stop'),
      emergencyStop: async () => {
        note('services.emergencyStop')
        return { killed: 7, ms: 84 }
      },
      preview: (input) =>
        host.previewHangs ? new Promise(() => {}) : Promise.resolve(touchOf(input.action, input.service)),
      logs: async () => ({ lines: [] }),
      ...processCalls(note),
    },
    messages: {
      publish: (input) => done('messages.publish', input),
      topics: async ({ run }) => sampleTopics(run),
      payload: async () => ({ payload: '{"whole": true}', encoding: 'utf8' as const, bytes: 40_000, cut: false }),
      journal: async () => ({ rows: [], more: false }),
      quarantine: async () => ({
        rows: [3, 2, 1].map((id) => ({
          id,
          at: Date.now() - id * 60_000,
          route: 'desk-presence',
          topic: `consultease/faculty/${id}/status`,
          payload: '{"present": tru',
          encoding: 'utf8' as const,
          reason: 'The payload is not JSON: it ends in the middle of a word at character 15.',
          target: null,
          cutFrom: null,
          bytes: 15,
        })),
        more: false,
      }),
      sendQuarantined: async (input) => {
        note('messages.sendQuarantined', input)
        return { done: 1, left: 0 }
      },
      settleWaiting: async (input) => {
        note('messages.settleWaiting', input)
        return { done: 1 }
      },
      discardQuarantined: async (input) => {
        note('messages.discardQuarantined', input)
        return { done: 1, left: 0 }
      },
      outbox: async () => sampleOutbox(),
    },
    routes: routeCalls(note),
    recordings: recordingCalls(done),
    devices: {
      ...deviceCalls(),
      clients: async () => ({ at: Date.now(), clients: [...sampleClients(Date.now())], untold: 0 }),
    },
    events: {
      page: (input) => logged('events.page', input, (log) => log.page(input)),
      span: (input) =>
        logged('events.span', input, (log) => {
          const span = log.span(input)
          return { ...span, indexedTo: span.indexedTo - (host.logs.behind ?? 0) }
        }),
      chain: (input) => logged('events.chain', input, (log) => log.chain(input.id)),
    },
    jobs: {
      get: async ({ job: id }) => ({ job: host.slices.jobs[id] ?? job(Date.now(), id), log: [] }),
      wait: async ({ job: id }) => ({ job: host.slices.jobs[id] ?? job(Date.now(), id) }),
      cancel: (input) => done('jobs.cancel', input),
    },
    config: configCalls(note),
    attention: { dismiss: (input) => done('attention.dismiss', input) },
    backups: {
      create: (input) => start('backups.create', input, 'Back up ConsultEase', 'backup.create'),
      snapshots: async () => ({ snapshots: Object.values(host.slices.snapshots) }),
      plan: async () => plan,
      losses: async () => ({
        sentences: ['requests in data/app.db: 1,204 rows now, 1,180 in the snapshot: 24 rows are lost.'],
        databases: [],
        written: { files: 0, newest: [] },
        journalled: 0,
        postgres: [],
        since: Date.now() - 3_600_000,
      }),
      restore: (input) => start('backups.restore', input, 'Restore ConsultEase', 'restore.run'),
      planUndo: async () => ({
        ...plan,
        sentence: 'Go back to the state before the restore of 08:12, damage included.',
        commandLine: 'wheelhouse undo',
      }),
      undo: (input) => start('backups.undo', input, 'Undo the restore', 'restore.undo'),
      verify: (input) => start('backups.verify', input, 'Verify sn-11', 'backup.verify'),
      pin: (input) => done('backups.pin', input),
      files: sampleSnapshotFiles,
      copies: {
        suggest: async () => ({ file: '/home/lab/exports/lab.tar.gz', folder: '/home/lab/exports/lab' }),
        into: (input) => start('backups.copies.into', input, 'Write sn-11 into a folder', 'backup.into'),
        export: (input) => start('backups.copies.export', input, 'Export sn-11', 'backup.export'),
        import: (input) => start('backups.copies.import', input, 'Import an archive', 'backup.import'),
      },
    },
    keeping: keepingCalls(host, start, done),
    backupKeys: {
      unlock: async (input) => {
        await done('backupKeys.unlock', input)
        return { by: 'passphrase' as const }
      },
      list: async () => ({
        keys: [{ id: 'ky-7k2m9q4tx0bn5rwd', label: '', createdAt: 0, problem: null, used: true }],
      }),
      add: async (input) => {
        await done('backupKeys.add', input)
        return { key: 'ky-1' }
      },
      change: async (input) => {
        await done('backupKeys.change', input)
        return { key: 'ky-1', removed: null }
      },
      remove: (input) => done('backupKeys.remove', input),
      kit: async (input) => {
        await done('backupKeys.kit', input)
        return { name: 'recovery-kit.html', html: '<!doctype html>' }
      },
      proveKit: async (input) => {
        await done('backupKeys.proveKit', input)
        return { at: 0, snapshot: 'sn-11', sentence: 'The recovery kit opens the backups.' }
      },
    },
    store: {
      check: (input) => onStore('check', 'Check', input),
      copy: (input) => onStore('copy', 'Copy', input),
      planRecovery: async ({ database }) => ({
        sentence: `Set the ${database} database aside and put the copy of today in its place.`,
        steps: ['Read it through and through; found whole, it stays as it is and nothing is lost.'],
        copy: { at: Date.now() - 40 * 60_000, newest: Date.now() - 41 * 60_000, bytes: 4_200_000 },
        passedOver: 0,
        lost: { from: Date.now() - 41 * 60_000, to: Date.now() },
        aboutMs: 3_000,
        undo: 'The damaged files are kept for 14 days.',
        commandLine: `wheelhouse store recover ${database}`,
      }),
      recover: (input) => onStore('recover', 'Recover', input),
    },
    dependencies: {
      isolate: (input) => done('dependencies.isolate', input),
      reset: (input) => done('dependencies.reset', input),
      check: async (input) => {
        note('dependencies.check', input)
        return { at: Date.now(), ok: true, sentence: 'it answered with 200', ms: 42 }
      },
    },
    databases: {
      check: (input) => onDatabase('check', 'Check', input),
      copy: (input) => onDatabase('copy', 'Copy', input),
      planRecovery: async ({ service }) => ({
        sentence: `Sets ${service} aside and puts its newest good copy in its place.`,
        steps: [
          'Stop api and kiosk, which use it.',
          'Move the database and its log into quarantine.',
          'Check the copy of 40 minutes ago and put it in place.',
          'Start them again.',
        ],
        services: ['api', 'kiosk'],
        lost: { from: Date.now() - 40 * 60_000, to: Date.now() },
        undo: 'The damaged files are kept for 14 days.',
        commandLine: `wheelhouse database recover ${service}`,
      }),
      recover: (input) => onDatabase('recover', 'Recover', input),
    },
    recovery: {
      history: async (input) => {
        note('recovery.history', input)
        const all = sampleAttempts(Date.now())
        const attempts = all.filter(
          ({ policy, subject, result }) =>
            (input.policy === undefined || policy === input.policy) &&
            (input.subject === undefined || subject === input.subject) &&
            (input.result === undefined || result === input.result),
        )
        return { attempts, more: false }
      },
      preview: async (input) => {
        note('recovery.preview', input)
        const subject = input.subject ?? 'service:api'
        return {
          sentence: `Restart, for ${subject.replace('service:', '')}: step 1 of 3 of ${input.policy}.`,
          policy: input.policy,
          subject,
          step: 0,
          action: 'restart' as const,
          lines: ['Restart api.'],
          paths: [],
          services: [{ id: 'api', what: 'restart' as const, why: 'the policy is about it' }],
          commandLine: `wheelhouse recovery run ${input.policy} --on ${subject}`,
        }
      },
      run: (input) => start('recovery.run', input, 'Recovery: restart, api', 'recovery.restart', 'service:api'),
      switch: async (input) => {
        note('recovery.switch', input)
        const policy = host.slices.recovery[input.policy]
        if (policy)
          host.change('recovery', {
            [policy.id]: { ...policy, switchedOff: !input.on, state: input.on ? 'armed' : 'off' },
          })
        return {}
      },
    },
    maintenance: {
      on: async (input) => {
        note('maintenance.on', input)
        const until = Date.now() + input.forMs
        const before = host.slices.maintenance.maintenance
        const held = { restarts: 0, recoveries: 0, cards: 0 }
        const since = before?.since ?? Date.now()
        host.change('maintenance', {
          maintenance: { on: true, reason: input.reason, since, until, event: null, held, last: null },
        })
        return { until }
      },
      off: async () => {
        note('maintenance.off')
        const held = { restarts: 0, recoveries: 0, cards: 0 }
        host.change('maintenance', {
          maintenance: { on: false, reason: '', since: null, until: null, event: null, held, last: null },
        })
        return {}
      },
    },
    verification: {
      run: async () => {
        note('verification.run')
        const view = sampleVerification(Date.now())
        host.change('verification', { verification: view })
        return view
      },
    },
    drills: {
      plan: async ({ drill }) => samplePlan(drill, host.slices),
      run: (input) => start('drills.run', input, `Drill: ${input.drill}`, 'drill.run', 'service:api'),
      history: async () => ({ runs: sampleRuns(Date.now()) }),
    },
    rehearsals: {
      run: (input) => start('rehearsals.run', input, 'Rehearse the snapshot of 5 Jan 2026, 16:00', 'backup.rehearse'),
      history: async () => ({ runs: [...(host.slices.rehearsals.rehearsals?.runs ?? [])] }),
    },
    targets: {
      list: async () => ({ targets: Object.values(host.slices.targets) }),
      copy: (input) => start('targets.copy', input, 'Copy the backups to a drive', 'backup.copy'),
      use: async (input) => {
        note('targets.use', input)
        return {}
      },
    },
    deploys: {
      prepare: (input) => start('deploys.prepare', input, 'Bring in a release', 'releases.prepare'),
      plan: async ({ release }) => sampleDeployPlan('deploy', release),
      begin: (input) => start('deploys.begin', input, `Deploy ${input.release}`, 'deploy.run'),
      planRollBack: async ({ release = 'previous', takeBack }) =>
        sampleDeployPlan('roll-back', release === 'previous' ? 'r5' : release, takeBack),
      rollBack: (input) => start('deploys.rollBack', input, 'Roll back', 'deploy.roll-back'),
      commit: async (input) => {
        note('deploys.commit', input)
        return {}
      },
      settle: (input) => start('deploys.settle', input, 'Take back', 'deploy.roll-back'),
      history: async () => ({ deploys: Object.values(host.slices.deploys) }),
    },
    releases: {
      list: async () => ({ releases: Object.values(host.slices.releases) }),
      difference: async (input) => {
        note('releases.difference', input)
        return sampleDifference(input.from ?? 'r7', input.to)
      },
      verify: (input) => start('releases.verify', input, `Check ${input.release}`, 'release.verify'),
      pin: async (input) => {
        note('releases.pin', input)
        return {}
      },
      note: async (input) => {
        note('releases.note', input)
        return {}
      },
      unmark: async (input) => {
        note('releases.unmark', input)
        return {}
      },
      remove: (input) => start('releases.remove', input, `Remove ${input.release}`, 'release.remove'),
    },
    diagnostics: {
      why: async (input) => {
        note('diagnostics.why', input)
        if (host.refusingWhy) throw host.refusingWhy
        return host.whyHangs ? new Promise(() => {}) : sampleWhy(input.subject, host.slices)
      },
    },
  }
}

const plan: RestorePlan = {
  snapshot: 'sn-11',
  paths: null,
  stops: [],
  notes: [],
  fingerprint: 'plan-1',
  sentence: 'Restores the state of today 08:02: 11 files are added, 3 changed, 2 deleted.',
  add: 11,
  change: 3,
  delete: 2,
  bytes: 1_840_000,
  freeBytes: 183e9,
  entries: [
    ...['api.mjs', 'desk-units.mjs', 'kiosk.mjs'].map((name) => ({
      path: `releases/7/services/${name}`,
      what: 'change' as const,
      bytes: 8_211,
    })),
    ...Array.from({ length: 11 }, (_, index) => ({
      path: `data/uploads/consultation-${index + 1}.json`,
      what: 'add' as const,
      bytes: 1_204 + index,
    })),
    { path: 'data/tmp-1.json', what: 'delete', bytes: 12 },
    { path: 'data/tmp-2.json', what: 'delete', bytes: 12 },
  ],
  hidden: 0,
  databases: [],
  services: ['api'],
  warnings: ['2 consultations made since the snapshot are in the database and will be gone from it.'],
  undo: 'A restore point is taken first: Undo brings back exactly what is there now.',
  commandLine: 'wheelhouse restore sn-11',
}

function touchOf(action: ServiceAction, service = ''): Touch {
  const all = ['kiosk', 'api', 'desk-units', 'database', 'broker']
  const verb = action.startsWith('start') ? 'start' : action === 'restart' ? 'restart' : 'stop'
  const touched = action === 'stop' && service === 'api' ? ['kiosk', 'api'] : service === '' ? all : [service]
  return {
    sentence: service === '' ? `All ${all.length} services are touched.` : `${service} and what needs it.`,
    services: touched.map((id) => ({
      id,
      what: verb,
      why: id === service ? 'You asked for it.' : `It needs ${service || 'others'}.`,
    })),
    routes: touched.includes('broker')
      ? [{ id: 'desk-presence', why: 'carries no messages while broker is stopped' }]
      : [],
    undo: 'Nothing is lost: start them again at any time.',
    commandLine: service === '' ? `wheelhouse ${verb} --all` : `wheelhouse ${verb} ${service}`,
  }
}
