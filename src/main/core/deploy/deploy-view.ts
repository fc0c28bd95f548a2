import type { DeployStep, DeployView } from '#shared/contract/deploys.ts'
import type { DeployRecord } from './record.ts'

/** The steps as a person reads them. */
export const stepTitles: Readonly<Record<DeployStep, string>> = {
  validate: 'Look whether it can be done',
  prepare: 'Check the release and install what it depends on',
  'back-up': 'Keep a restore point of the data',
  stop: 'Stop what changes',
  switch: 'Switch to the release',
  configure: 'Bring the configuration up to date',
  start: 'Start the services',
  verify: 'Verify that the site is well',
}

/** A deploy as it is shown. */
export function deployView(record: DeployRecord): DeployView {
  const { standing, probation } = record
  return {
    id: record.id,
    kind: record.kind,
    title: record.title,
    release: record.release,
    from: record.from,
    phase: standing.phase,
    failedAt: standing.failedAt,
    failure: record.failure,
    sentence: record.sentence,
    at: record.at,
    endedAt: record.endedAt,
    cause: record.cause,
    job: record.job,
    steps: record.steps.map((step) => ({ ...step, title: stepTitles[step.id] })),
    findings: record.findings,
    services: record.services,
    downMs: record.downMs,
    restorePoint: record.restorePoint,
    configures: record.config !== null,
    probation:
      standing.phase === 'probation' && probation
        ? { ...probation, crashes: standing.crashes, allowed: standing.allowed }
        : null,
    tookBack: record.tookBack,
    commandLine: commandLineOf(record),
  }
}

export function commandLineOf({
  kind,
  release,
  takeBack,
}: Pick<DeployRecord, 'kind' | 'release' | 'takeBack'>): string {
  if (kind === 'deploy') return `wheelhouse deploy ${release}`
  return `wheelhouse rollback ${release}${takeBack === 'code-and-data' ? ' --data' : ''}`
}
