import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { beginDurably } from '#core/platform/index.ts'
import { importFile } from '#shared/import-file.ts'
import { lineOf } from '#shared/message-lines.ts'
import { ConsoleError } from '#shared/problem.ts'
import { exitCodes } from '../exit-code.ts'
import { counted } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse recording export ID FILE`: JSON Lines, oldest first. The file appears when it is whole. */
export async function exportRecording(
  context: CommandContext,
  recording: string,
  path: string,
  force: boolean,
): Promise<number> {
  const { terminal } = context
  await using reached = await context.reach('any')
  const file = resolve(path)
  await assertFree(file, force)
  const stop = new AbortController()
  using _interrupt = terminal.onInterrupt(() => stop.abort())
  const { recordings } = reached.connection.calls
  const said = (await recordings.list({})).recordings.find(({ id }) => id === recording)
  // Before the file is begun: an unknown recording leaves nothing behind.
  let page = await recordings.page({ recording, limit: 1_000 })
  await using written = await beginDurably(file).catch(cannotBeWritten(file))
  let messages = 0
  while (!stop.signal.aborted) {
    await written.write(page.rows.map((row) => `${lineOf(row)}\n`).join('')).catch(cannotBeWritten(file))
    messages += page.rows.length
    terminal.progress(counted(messages, 'message'))
    if (page.next === null) break
    page = await recordings.page({ recording, after: page.next, limit: 1_000 })
  }
  terminal.progress(null)
  if (stop.signal.aborted) {
    terminal.err('Nothing was exported: it was interrupted.')
    return exitCodes.failed
  }
  await assertFree(file, force)
  await written.finish().catch(cannotBeWritten(file))
  show(context, { file, messages }, `${counted(messages, 'message')} in ${file}.`)
  const gone = said?.state === 'complete' ? said.messages - messages : 0
  if (gone <= 0) return exitCodes.done
  terminal.err(
    `${counted(gone, 'message')} of ${said?.name} are missing: the database no longer holds them. Something else has deleted them, or they were lost with damage.`,
  )
  return exitCodes.failed
}

/** `wheelhouse recording import FILE`: every line is checked before the first is sent. */
export async function importRecording(
  context: CommandContext,
  path: string,
  given: string | undefined,
): Promise<number> {
  const { terminal } = context
  const file = resolve(path)
  await assertReadable(file)
  const name = given ?? basename(file).replace(/\.[^.]+$/, '')
  await using reached = await context.reach('any')
  const stop = new AbortController()
  using _interrupt = terminal.onInterrupt(() => stop.abort(new Error('it was interrupted')))
  try {
    const done = await importFile(reached.connection.calls, name, () => createReadStream(file, { encoding: 'utf8' }), {
      signal: stop.signal,
      onProgress: (sent, of) => terminal.progress(`${sent} of ${counted(of, 'message')}`),
    })
    terminal.progress(null)
    if ('mistake' in done) {
      const remedy = 'Correct these lines, then import the file again. Nothing was imported.'
      throw new ConsoleError('import-bad-lines', `${file}: ${done.mistake}`, remedy, { params: { file } })
    }
    show(
      context,
      done,
      `${counted(done.messages, 'message')} of ${file} ${done.messages === 1 ? 'is' : 'are'} recording ${done.recording}, ${name}.`,
    )
    return exitCodes.done
  } catch (error) {
    terminal.progress(null)
    if (!stop.signal.aborted) throw error
    terminal.err('Nothing was imported: it was interrupted.')
    return exitCodes.failed
  }
}

async function assertReadable(file: string): Promise<void> {
  const there = await lstat(file).catch(() => null)
  if (there?.isFile()) return
  const what = there ? 'is no file' : 'does not exist'
  throw new ConsoleError('import-missing', `${file} ${what}.`, 'Name a file of JSON Lines.', { params: { file } })
}

/** Only a file is ever replaced. */
async function assertFree(file: string, force: boolean): Promise<void> {
  const there = await lstat(file).catch(() => null)
  if (!there || (force && there.isFile())) return
  const remedy = there.isFile()
    ? 'Choose another name, or add --force to replace it.'
    : 'Choose another name: only a file can be replaced.'
  throw new ConsoleError('export-exists', `${file} exists already.`, remedy, { params: { file } })
}

function cannotBeWritten(file: string) {
  return (error: unknown): never => {
    throw new ConsoleError(
      'export-failed',
      `${file} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      'Choose a folder that exists, can be written and has room.',
      { params: { file }, cause: error },
    )
  }
}
