import type { ConfigLayerView, ConfigValueView } from '#shared/contract/config.ts'
import { exitCodes } from '../exit-code.ts'
import { printable, shortened, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

export interface ShowConfigOptions {
  /** Without what nobody wrote. */
  readonly written?: boolean
  /** Only those of one source. */
  readonly source?: string
}

/** `wheelhouse config show [PATH]`: every value in use, or those at or below a path, and where each comes from. */
export async function showConfig(
  context: CommandContext,
  path: string | undefined,
  options: ShowConfigOptions,
): Promise<number> {
  await using reached = await context.reach('any')
  const { values, layers } = await reached.connection.calls.config.values()
  const shown = values.filter(
    (value) =>
      isWithin(path, value.path) &&
      !(options.written === true && value.kind === 'default') &&
      (options.source === undefined || value.kind === options.source || value.source === options.source),
  )
  if (shown.length === 0 && (path !== undefined || options.source !== undefined)) {
    const from = options.source === undefined ? '' : ` from ${options.source}`
    context.terminal.err(
      `No value${path === undefined ? '' : ` at ${path}`} comes${from || ' from anywhere, not even a default'}.`,
    )
    return exitCodes.failed
  }
  show(context, { layers, values: shown }, [valuesText(shown), ...ages(layers)].join('\n'))
  return exitCodes.done
}

/** When the answers came that values are taken from. */
function ages(layers: readonly ConfigLayerView[]): readonly string[] {
  return layers.flatMap(({ kind, name, at }) =>
    at === null ? [] : [`What ${kind} says is the answer of ${new Date(at).toISOString()} (${printable(name)}).`],
  )
}

function isWithin(path: string | undefined, of: string): boolean {
  return path === undefined || of === path || of.startsWith(`${path}.`) || of.startsWith(`${path}[`)
}

/** The values as rows of a table. */
export function valuesText(values: readonly ConfigValueView[]): string {
  return table(
    ['VALUE', 'IS', 'FROM'],
    values.map((value) => [value.path, valueText(value), sourceText(value)]),
  )
}

/** A value in one line; what must not be shown is said to be hidden. */
export function valueText({ value, hidden }: Pick<ConfigValueView, 'value' | 'hidden'>): string {
  if (hidden) return '(hidden)'
  return printable(shortened(typeof value === 'string' ? value : JSON.stringify(value ?? null), 60))
}

/** Where a value comes from, with its line. */
export function sourceText({ source, kind, line, file }: ConfigValueView): string {
  if (kind === 'environment') return printable(file ?? source)
  return line === null ? source : `${source}:${line}`
}
