import { type DeployPlan, type DeployStep, type DeployView, deployStepSchema } from '#shared/contract/deploys.ts'

/** What the deploy of a release would do, as a screen shows it. */
export function sampleDeployPlan(
  kind: DeployPlan['kind'],
  release: string,
  takeBack: DeployPlan['takeBack'] = 'code',
): DeployPlan {
  return {
    kind,
    release,
    from: 'r6',
    sentence: kind === 'deploy' ? `Deploy ${release}: 2 services stop for about 1.4 s.` : `Go back to ${release}.`,
    fingerprint: `plan-${release}`,
    services: [
      { id: 'api', title: 'Consultation service', why: 'lib/database.mjs changes' },
      { id: 'kiosk', title: 'Student kiosk', why: 'it needs api' },
    ],
    untouched: ['broker', 'database', 'desk-units'],
    routes: [],
    downMs: 1_400,
    files: { added: 1, changed: 2, removed: 0, bytes: 18_200 },
    space: { needed: 67_108_864, free: 21_000_000_000 },
    config: {
      lines: [
        { sign: '-', text: '      LOG: info' },
        { sign: '+', text: '      LOG: debug' },
      ],
    },
    // One of the releases runs something that nobody has looked through.
    trust:
      release === 'r9'
        ? { fingerprint: 'trust-r9', commands: [{ of: 'deploy test booking', command: 'node tests/booking.mjs' }] }
        : null,
    findings: [
      { id: 'disk', title: 'Disk', state: 'passed', sentence: '21 GB are free.' },
      { id: 'services', title: 'Services', state: 'warning', sentence: 'Unhealthy already: Student kiosk.' },
    ],
    refusal: null,
    tests: kind === 'deploy' ? ['booking'] : [],
    install: null,
    probationMs: kind === 'deploy' ? 120_000 : 0,
    losses: takeBack === 'code' ? [] : ['Everything that was written since is taken out of use.'],
    dataPossible: true,
    takeBack,
    commandLine: kind === 'deploy' ? `wheelhouse deploy ${release}` : `wheelhouse rollback ${release}`,
  }
}

const stepTitles: Readonly<Record<DeployStep, string>> = {
  validate: 'Validate',
  prepare: 'Prepare',
  'back-up': 'Back up',
  stop: 'Stop services',
  switch: 'Switch',
  configure: 'Configure',
  start: 'Start services',
  verify: 'Verify',
}

/** A deploy that went well an hour ago, or what `more` makes of it. */
export function sampleDeploy(now: number, more: Partial<DeployView> = {}): DeployView {
  const at = now - 3_600_000
  return {
    id: 'dp-1',
    kind: 'deploy',
    title: 'Deploy 1.4.2',
    release: 'r7',
    from: 'r6',
    phase: 'committed',
    failedAt: null,
    failure: null,
    sentence: 'r7 is good.',
    at,
    endedAt: at + 130_000,
    cause: { type: 'operator', via: 'browser' },
    job: 'jb-deploy',
    steps: deployStepSchema.options.map((id) => ({
      id,
      title: stepTitles[id],
      state: 'done',
      startedAt: at,
      endedAt: at + 1_000,
    })),
    findings: [],
    services: [{ id: 'api', title: 'Consultation service', why: 'lib/database.mjs changes' }],
    downMs: 1_310,
    restorePoint: 'sn-0000000000000001',
    configures: false,
    probation: null,
    tookBack: null,
    commandLine: 'wheelhouse deploy r7',
    ...more,
  }
}
