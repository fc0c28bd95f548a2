import type { ConfigChangeView, ConfigVersionView } from '#shared/contract/config.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, counted, moment, table } from '../words.ts'
import { agreed, type ConsentOptions } from './consent.ts'
import { type CommandContext, show } from './context.ts'
import { valueText } from './show-config.ts'

/** `wheelhouse config set PATH VALUE`. */
export async function setConfig(context: CommandContext, path: string, value: string): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.config.set({ path, value })
  show(context, { set: path, value }, `${path} is set, over what the files say, and in use.`)
  return exitCodes.done
}

/** `wheelhouse config unset PATH`. */
export async function unsetConfig(context: CommandContext, path: string): Promise<number> {
  await using reached = await context.reach('any')
  await reached.connection.calls.config.unset({ path })
  show(context, { unset: path }, `What was set at ${path} was taken back; what the files say counts.`)
  return exitCodes.done
}

/** `wheelhouse config history`. */
export async function configHistory(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { versions } = await reached.connection.calls.config.versions()
  const { site } = await firstState(reached.connection)
  show(context, { versions }, historyText(versions, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse config compare FROM [TO]`. */
export async function compareConfig(context: CommandContext, from: number, to: number | null): Promise<number> {
  await using reached = await context.reach('any')
  const { changes } = await reached.connection.calls.config.compare({ from, to })
  show(context, { changes }, changesText(changes))
  return exitCodes.done
}

/** `wheelhouse config restore [VERSION]`: a version that was in use; without one the last good one. */
export async function restoreConfig(
  context: CommandContext,
  version: number | null,
  consent: ConsentOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { config } = reached.connection.calls
  const changes =
    version === null ? [] : (await config.compare({ from: version, to: null }).catch(() => ({ changes: [] }))).changes
  const what = version === null ? 'The last good version' : `Version ${version}`
  const sentence = `${what} of site.yaml and the files that it includes is written over those on disk, and used.`
  const back = changes.map((change) => ({ ...change, before: change.after, after: change.before }))
  const text = version === null ? sentence : `${sentence}\n${changesText(turned(back))}`
  if (!(await agreed(context, { sentence, text, document: { version, changes: back } }, consent)))
    return consent.plan ? exitCodes.done : exitCodes.refused
  await config.restore({ version })
  show(context, { restored: version }, `${what} was put back and is in use.`)
  return exitCodes.done
}

function turned(changes: readonly ConfigChangeView[]): readonly ConfigChangeView[] {
  const other = { added: 'removed', removed: 'added', changed: 'changed' } as const
  return changes.map((change) => ({ ...change, what: other[change.what] }))
}

function historyText(versions: readonly ConfigVersionView[], zone: string): string {
  if (versions.length === 0) return 'No version has been kept yet: the first valid site.yaml that is used becomes one.'
  return table(
    ['VERSION', 'IN USE SINCE', 'SIZE', 'WHY'],
    versions.map(({ id, at, why, bytes: size, inUse }) => [
      `${id}${inUse ? ' *' : ''}`,
      moment(at, zone),
      bytes(size),
      why,
    ]),
    ['SIZE'],
  )
}

/** Changes as lines: `+` added, `-` removed, `~` changed. */
export function changesText(changes: readonly ConfigChangeView[]): string {
  if (changes.length === 0) return 'There is no difference.'
  const lines = changes.map(({ path, what, before, after, hidden }) => {
    const [was, is] = [valueText({ value: before, hidden }), valueText({ value: after, hidden })]
    if (what === 'added') return `+ ${path}: ${is}`
    if (what === 'removed') return `- ${path}: ${was}`
    return `~ ${path}: ${was} → ${is}`
  })
  return [...lines, `${counted(changes.length, 'difference')}.`].join('\n')
}
