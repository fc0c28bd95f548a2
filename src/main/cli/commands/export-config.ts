import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { siteJsonSchema } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { type CommandContext, show } from './context.ts'

export interface ExportConfigOptions {
  readonly format: 'yaml' | 'json' | 'ini' | 'env'
  readonly to?: string
}

/** `wheelhouse config export [--format F] [--to FILE]`. */
export async function exportConfig(context: CommandContext, { format, to }: ExportConfigOptions): Promise<number> {
  await using reached = await context.reach('any')
  const { text, leftOut } = await reached.connection.calls.config.export({ format })
  await put(context, text, to ?? null, { format, leftOut, text })
  if (leftOut.length > 0) context.terminal.err(`Left out, because they must not be shown: ${leftOut.join(', ')}.`)
  return exitCodes.done
}

/** `wheelhouse config schema [--to FILE]`. Opens nothing. */
export async function writeSchema(context: CommandContext, to: string | null): Promise<number> {
  const text = siteJsonSchema()
  await put(context, text, to, { schema: JSON.parse(text) })
  return exitCodes.done
}

async function put(context: CommandContext, text: string, to: string | null, document: object): Promise<void> {
  if (to === null) return show(context, document, text.trimEnd())
  const file = resolve(to)
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    throw new ConsoleError(
      'file-not-written',
      code === 'EEXIST'
        ? `${file} is there already, and is not overwritten.`
        : `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      'Name another file.',
    )
  }
  show(context, { ...document, file }, `Written to ${file}.`)
}
