import { isAbsolute, resolve } from 'node:path'
import { releaseFolder, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import type { Databases } from '#core/databases/index.ts'
import type { Jobs } from '#core/jobs/index.ts'
import { type Clock, runCommand, tookTime } from '#core/platform/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { Cause } from '#shared/vocabulary.ts'
import type { RecoveryAction, StepRun } from '../types.ts'
import { type AssertStartable, listed, nothing, orderOf, type RecoveryServices } from './services.ts'

export interface OtherActionParts {
  readonly directory: string
  readonly definition: () => SiteDefinition | null
  readonly services: RecoveryServices
  readonly assertStartable: AssertStartable
  readonly databases: Pick<Databases, 'recover'>
  readonly jobs: Jobs
  /** Lets the router go and connects it anew. */
  readonly reconnectRouter: () => Promise<void>
  /** Raises the card that calls a person. */
  readonly call: (run: StepRun, cause: Cause) => string
  readonly clock: Clock
  /** The console's own environment, of which a command is given PATH, HOME and LANG. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** A mark for the command of a policy: a console that finds it still running ends it. */
  readonly markOf: (policy: string) => string
}

/** Connects anew: the router, and the database services that the subject is or needs. */
export function reconnectAction({
  definition,
  services,
  assertStartable,
  reconnectRouter,
}: OtherActionParts): RecoveryAction {
  const databases = (run: StepRun) => databasesOf(run, definition()).filter((id) => services.wanted().includes(id))
  return {
    name: 'reconnect',
    movesFiles: false,
    touches: (run) => [...run.services, ...databases(run)],
    async preview(run) {
      const ids = databases(run)
      return {
        lines: [
          'Connect the router to the broker anew.',
          ...(ids.length > 0 ? [`Connect to ${listed(ids)} anew.`] : []),
        ],
        paths: [],
      }
    },
    async act(run, job) {
      await reconnectRouter()
      const ids = databases(run)
      for (const id of ids) {
        assertStartable()
        const { failed } = await services.restart(id, orderOf(job))
        if (failed[0])
          throw new ConsoleError(
            'services-not-there',
            `${id} did not connect: ${failed[0].reason}`,
            'Look at the database.',
          )
      }
      return { result: 'done', sentence: `Connected anew: the router${ids.length > 0 ? `, ${listed(ids)}` : ''}.` }
    },
  }
}

/** Climbs the ladder of the site's own databases: sets the damaged file aside, puts its newest good copy in its place. */
export function restoreDatabaseAction({ definition, databases, jobs }: OtherActionParts): RecoveryAction {
  const sqlite = (run: StepRun) =>
    databasesOf(run, definition()).filter((id) => definition()?.services[id]?.database?.target.engine === 'sqlite')
  return {
    name: 'restore-database',
    movesFiles: false, // the job that it starts takes that lane itself
    touches: (run) => [...run.services, ...sqlite(run)],
    async preview(run) {
      const ids = sqlite(run)
      return {
        lines: ids.map(
          (id) => `Check ${id}; if it is damaged, set it aside and put its newest good copy in its place.`,
        ),
        paths: [],
      }
    },
    async act(run, job) {
      const ids = sqlite(run)
      if (ids.length === 0) return nothing('It has no SQLite database that the console keeps copies of.')
      const said: string[] = []
      for (const id of ids) {
        const { job: started } = await databases.recover(id, job.cause)
        const ended = await jobs.finished(started)
        if (ended.state !== 'completed') {
          throw new ConsoleError(
            'recovery-database',
            ended.message ?? `${id} was not recovered.`,
            ended.remedy ?? 'Look at the database.',
          )
        }
        said.push(ended.message ?? `${id} was recovered.`)
      }
      return { result: 'done', sentence: said.join(' ') }
    },
  }
}

/** Runs a command of site.yaml to its end, within its time. What it writes goes into the job's log. */
export function commandAction({ directory, clock, environment, markOf }: OtherActionParts): RecoveryAction {
  return {
    name: 'run',
    movesFiles: false,
    touches: ({ services }) => services,
    async preview({ step }) {
      if (step.action !== 'run') return { lines: [], paths: [] }
      return { lines: [`Run ${step.run.join(' ')}, for at most ${Math.round(step.withinMs / 1_000)} s.`], paths: [] }
    },
    async act(run, job) {
      const { step, policy, subject, services } = run
      if (step.action !== 'run') return nothing('There is no command.')
      const release = await releaseFolder(directory)
      const variables = { ...variablesOf(directory, release), service: services[0] ?? '' }
      const [first = '', ...args] = step.run.map((word) =>
        word.replaceAll(/\$\{(service|data|logs|release|site)\}/g, (_, name: keyof typeof variables) =>
          String(variables[name]),
        ),
      )
      const file = first.includes('/') && !isAbsolute(first) ? resolve(release, first) : first
      const { PATH = '', HOME = '', LANG = '' } = environment
      const env = {
        PATH,
        HOME,
        LANG,
        WHEELHOUSE_POLICY: policy.id,
        WHEELHOUSE_SUBJECT: subject,
        WHEELHOUSE_OPERATION: job.operation,
        WHEELHOUSE_RUN: markOf(policy.id),
      }
      const result = await runCommand({ file, args, cwd: release, env, timeoutMs: step.withinMs }, clock, job.signal)
      for (const line of result.output
        .split('\n')
        .filter((each) => each !== '')
        .slice(-100))
        job.log(line)
      job.signal.throwIfAborted()
      const why = failureOf(result, step.withinMs)
      if (why !== null)
        throw new ConsoleError('recovery-command', `${first} ${why}.`, 'Look at what it wrote, in the log of the job.')
      return { result: 'done', sentence: `${first} succeeded in ${tookTime(result.ms)}.` }
    },
  }
}

/** Raises the card that names whom to call. */
export function callOperatorAction({ call }: OtherActionParts): RecoveryAction {
  return {
    name: 'call-operator',
    movesFiles: false,
    touches: () => [],
    preview: async () => ({ lines: ['Raise a card that names whom to call.'], paths: [] }),
    act: async (run, job) => ({ result: 'done', sentence: call(run, job.cause) }),
  }
}

function failureOf(result: Awaited<ReturnType<typeof runCommand>>, withinMs: number): string | null {
  if (result.error !== null) return `could not be run: ${result.error}`
  if (result.timedOut) return `did not end within ${Math.round(withinMs / 1_000)} s and was killed`
  if (result.code === 0) return null
  return result.code === null ? `was ended by ${result.signal}` : `ended with code ${result.code}`
}

/** The database services among the subject's services and what these need directly. */
function databasesOf({ services }: StepRun, definition: SiteDefinition | null): readonly string[] {
  if (definition === null) return []
  const near = services.flatMap((id) => [id, ...Object.keys(definition.services[id]?.needs ?? {})])
  return [...new Set(near)].filter((id) => definition.services[id]?.use === 'database')
}
