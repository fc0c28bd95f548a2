import { readdir, stat, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { StartupLine } from '#shared/contract/startup.ts'

/** A file of a write that takes milliseconds is left over after this. Milliseconds. */
const oldAfterMs = 3_600_000
/** A socket that does not answer whether somebody listens there is left alone. Milliseconds. */
const answersWithinMs = 1_000

/** Removes the control sockets that nobody listens on: a console that was killed leaves its own. Tells their paths. */
export async function removeStaleSockets(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  const sockets = names.filter((name) => name.endsWith('.sock')).map((name) => join(folder, name))
  const removed = await Promise.all(
    sockets.map(async (path) => {
      if (!(await isRefused(path))) return []
      return await unlink(path).then(
        () => [path],
        () => [],
      )
    }),
  )
  return removed.flat()
}

/** Removes what writes left that were cut off: temporary files of durable writes, older than an hour. Tells their paths. */
export async function removeOldTemporaries(folders: readonly string[], now: number): Promise<readonly string[]> {
  const removed: string[] = []
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!/^\.tmp-[0-9a-z]{16}$/.test(name)) continue
      const path = join(folder, name)
      const found = await stat(path).catch(() => null)
      if (!found?.isFile() || now - found.mtimeMs < oldAfterMs) continue
      await unlink(path).then(
        () => removed.push(path),
        () => {},
      )
    }
  }
  return removed
}

/** What was found and removed, as lines of the step. */
export function cleanedLines(removed: {
  readonly sockets: readonly string[]
  readonly temporaries: readonly string[]
  readonly copies: readonly string[]
}): readonly StartupLine[] {
  return [
    line('sockets', 'Control sockets', removed.sockets, 'that nobody listens on'),
    line('temporaries', 'Temporary files', removed.temporaries, 'of writes that were cut off'),
    line('copies', 'Copies for testing', removed.copies, 'of consoles that were killed'),
  ]
}

/** What became of the processes that an earlier console left running. */
export function orphanLine(taken: {
  readonly adopted: readonly string[]
  readonly stopped: readonly string[]
  readonly gone: readonly string[]
}): StartupLine {
  const words = [
    ...(taken.adopted.length > 0 ? [`taken up again: ${taken.adopted.join(', ')}`] : []),
    ...(taken.stopped.length > 0 ? [`stopped: ${taken.stopped.join(', ')}`] : []),
    ...(taken.gone.length > 0 ? [`had ended meanwhile: ${taken.gone.join(', ')}`] : []),
  ]
  const named = { id: 'orphans', title: 'Processes of earlier runs' }
  if (words.length === 0) return { ...named, state: 'passed', sentence: 'None were left.' }
  return { ...named, state: 'done', sentence: `${words.join('; ')}.`.replace(/^./, (first) => first.toUpperCase()) }
}

function line(id: string, title: string, removed: readonly string[], what: string): StartupLine {
  if (removed.length === 0) return { id, title, state: 'passed', sentence: 'None were left.' }
  return {
    id,
    title,
    state: 'done',
    sentence: `${removed.length} ${what} ${removed.length === 1 ? 'was' : 'were'} removed.`,
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (refused: boolean) => {
      socket.destroy()
      resolve(refused)
    }
    socket.setTimeout(answersWithinMs, () => done(false))
    socket.once('connect', () => done(false))
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED'))
  })
}
