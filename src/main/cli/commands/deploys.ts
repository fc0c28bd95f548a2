import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DeployPlan, DeploySource, DeployView } from '#shared/contract/deploys.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import type { Reached } from '../reach.ts'
import { watchJob } from '../watch-job.ts'
import { bytes, counted, moment, printable, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

export interface DeployOptions {
  readonly ref?: string
  readonly withoutProof?: boolean
  readonly note?: string
  readonly trust?: string
  readonly wait?: boolean
}

/** `wheelhouse deploy SOURCE`: brings it in, shows what its deploy would do, and on a yes does it. */
export async function deploy(
  context: CommandContext,
  source: string,
  options: DeployOptions,
  wish: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('host')
  const { deploys } = reached.connection.calls
  const release = await releaseOf(context, reached, source, options)
  if (release === null) return exitCodes.failed
  const plan = await deploys.plan({ release })
  if (plan.refusal !== null && !wish.plan) throw refused(plan)
  const trust = plan.trust === null ? null : (options.trust ?? null)
  if (plan.trust !== null && trust !== plan.trust.fingerprint && !wish.plan) {
    context.terminal.err(planText(plan))
    throw new ConsoleError(
      'deploy-not-trusted',
      'The site.yaml of the release would run what nobody has looked through yet. Nothing was touched.',
      `Look at the list above, then say \`--trust ${plan.trust.fingerprint}\`.`,
      { params: { release, fingerprint: plan.trust.fingerprint } },
    )
  }
  if (!(await agreed(context, intentOf(plan), wish))) return wish.plan ? exitCodes.done : exitCodes.refused
  const code = await runJob(context, reached, await deploys.begin({ release, fingerprint: plan.fingerprint, trust }))
  return code === exitCodes.done && options.wait ? await untilFinal(context, reached, release) : code
}

/** `wheelhouse rollback [RELEASE]`: shows what going back would do, and on a yes does it. */
export async function rollBack(
  context: CommandContext,
  release: string | undefined,
  data: boolean,
  wish: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('host')
  const { deploys } = reached.connection.calls
  const to = { release: release ?? 'previous', takeBack: data ? ('code-and-data' as const) : ('code' as const) }
  const plan = await deploys.planRollBack(to)
  if (plan.refusal !== null && !wish.plan) throw refused(plan)
  if (!(await agreed(context, intentOf(plan), wish))) return wish.plan ? exitCodes.done : exitCodes.refused
  return await runJob(context, reached, await deploys.rollBack({ ...to, fingerprint: plan.fingerprint }))
}

/** `wheelhouse deploys [list]`: newest first. */
export async function deployHistory(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { deploys } = await reached.connection.calls.deploys.history()
  const { site } = await firstState(reached.connection)
  show(context, { deploys }, deploysText(deploys, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse deploys commit`: the one on probation is final now. */
export async function commitDeploy(context: CommandContext, id: string | undefined): Promise<number> {
  await using reached = await context.reach('host')
  const { deploys } = reached.connection.calls
  const history = (await deploys.history()).deploys
  const wanted = id ?? history.find(({ phase }) => phase === 'probation')?.id ?? 'none'
  await deploys.commit({ deploy: wanted })
  const title = history.find((each) => each.id === wanted)?.title ?? wanted
  show(context, { deploy: wanted }, `${title} is final.`)
  return exitCodes.done
}

/** `wheelhouse deploys settle ID`: goes the way back once more. */
export async function settleDeploy(context: CommandContext, id: string): Promise<number> {
  await using reached = await context.reach('host')
  return await runJob(context, reached, await reached.connection.calls.deploys.settle({ deploy: id }))
}

/** The release that a source is, brought in when it is not there yet; null when that failed, which has been told. */
async function releaseOf(
  context: CommandContext,
  reached: Reached,
  source: string,
  { ref, withoutProof: unproven = false, note = '' }: DeployOptions,
): Promise<string | null> {
  const { releases } = await firstState(reached.connection)
  if (ref === undefined && Object.hasOwn(releases, source)) return source
  const { job } = await reached.connection.calls.deploys.prepare({
    source: await sourceOf(source, ref),
    unproven,
    note,
  })
  const view = await watchJob(reached, job, context.terminal)
  const { release } = view.data
  if (view.state === 'completed' && typeof release === 'string') return release
  context.terminal.err(
    [view.message ?? `${view.title}: ${view.state}.`, ...(view.remedy ? [view.remedy] : [])].join('\n'),
  )
  return null
}

async function sourceOf(source: string, ref: string | undefined): Promise<DeploySource> {
  const isAddress = /^[a-z+]+:\/\/|^[\w.-]+@[\w.-]+:/.test(source)
  if (ref !== undefined) return { kind: 'git', repository: isAddress ? source : resolve(source), ref }
  if (isAddress || source.endsWith('.git')) {
    throw new ConsoleError(
      'release-ref-missing',
      `${source} is a git repository, and which of its commits is meant was not said.`,
      'Say `--ref` with a branch, a tag or a commit.',
    )
  }
  const path = resolve(source)
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return { kind: 'folder', folder: path }
  if (found) return { kind: 'archive', file: path }
  throw new ConsoleError(
    'release-source-missing',
    `${source} is neither a release of the site nor a file or folder.`,
    'Name a folder, an archive, a git repository with --ref, or one that `wheelhouse releases` lists.',
    { params: { source } },
  )
}

const askEveryMs = 1_000

/** Waits until the probation of a release has ended. Ctrl-C leaves it to the console. */
async function untilFinal({ terminal, json }: CommandContext, reached: Reached, release: string): Promise<number> {
  let interrupted = false
  using _interrupt = terminal.onInterrupt(() => {
    interrupted = true
  })
  for (;;) {
    const { deploys } = await reached.connection.calls.deploys.history()
    const found = deploys.find((each) => each.release === release && each.kind === 'deploy')
    if (!found || !['probation', 'rolling-back'].includes(found.phase)) {
      if (!json) terminal.err(found?.sentence ?? '')
      return found?.phase === 'committed' ? exitCodes.done : exitCodes.failed
    }
    if (interrupted) return exitCodes.done
    await new Promise((resolve) => setTimeout(resolve, askEveryMs))
  }
}

function intentOf(plan: DeployPlan) {
  return { sentence: plan.sentence, text: planText(plan), document: { plan } }
}

export function planText(plan: DeployPlan): string {
  const { files } = plan
  const passed = plan.findings.filter(({ state }) => state === 'passed').length
  const told = plan.findings.filter(({ state }) => state !== 'passed')
  return [
    plan.sentence,
    `  from ${plan.from} to ${plan.release}: ${counted(files.added, 'file')} added, ${files.changed} changed, ${files.removed} removed (${bytes(files.bytes)})`,
    ...plan.services.map(({ id, why }) => `  ${id} is stopped and started: ${why}`),
    ...(plan.untouched.length > 0 ? [`  goes on: ${plan.untouched.join(', ')}`] : []),
    ...plan.routes.map(({ id, why }) => `  route ${id} carries nothing meanwhile: ${why}`),
    ...(plan.install === null ? [] : [`  before anything stops: ${printable(plan.install)}`]),
    ...(plan.config === null
      ? []
      : ['  site.yaml changes:', ...plan.config.lines.map(({ sign, text }) => `    ${sign} ${printable(text)}`)]),
    ...(plan.tests.length > 0 ? [`  tests afterwards: ${plan.tests.join(', ')}`] : []),
    ...(plan.probationMs > 0 ? [`  on probation for ${Math.round(plan.probationMs / 1_000)} s; then it is final`] : []),
    ...plan.losses.map((loss) => `  ${loss}`),
    `  looked at: ${passed} of ${plan.findings.length} are well`,
    ...told.map(({ title, sentence }) => `  ${title}: ${sentence}`),
    ...(plan.trust === null
      ? []
      : [
          `  not trusted yet (fingerprint ${plan.trust.fingerprint}):`,
          ...plan.trust.commands.map(({ of, command }) => `    ${of}: ${printable(command)}`),
        ]),
    ...(plan.refusal === null ? [] : [`Not now: ${plan.refusal}`]),
  ].join('\n')
}

function refused(plan: DeployPlan): ConsoleError {
  return new ConsoleError(
    'deploy-refused',
    `Nothing was touched. ${plan.refusal}`,
    `\`${plan.commandLine} --plan\` shows when that has changed.`,
    { params: { release: plan.release }, retryable: true },
  )
}

export function deploysText(deploys: readonly DeployView[], zone: string): string {
  if (deploys.length === 0) return 'Nothing was deployed yet.'
  const rows = deploys.map(({ id, at, title, from, phase, downMs, sentence }) => [
    moment(at, zone),
    id,
    title,
    from,
    phase,
    downMs === null ? '-' : `${(downMs / 1_000).toFixed(1)} s`,
    sentence,
  ])
  return table(['AT', 'ID', 'WHAT', 'FROM', 'RESULT', 'AWAY', 'HOW'], rows, ['AWAY'])
}
