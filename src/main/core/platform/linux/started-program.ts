import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, resolve } from 'node:path'
import type { ProcessExit, SpawnOptions } from '../processes.ts'
import { procEntry } from './proc-table.ts'
import type { StartFault } from './starter-protocol.ts'

export interface StartedProgram {
  readonly pid: number
  readonly startTicks: number
  /** Resolves once, when it is gone. */
  readonly exited: Promise<ProcessExit>
}

/** Starts a program as a child of this process, in a session of its own, its output appended to files. Does not keep this process alive. */
export async function startProgram(options: SpawnOptions): Promise<StartedProgram | StartFault> {
  const file = findProgram(options)
  if (typeof file !== 'string') return file
  const output: number[] = []
  try {
    output.push(openSync(options.stdout, 'a', 0o600))
    output.push(openSync(options.stderr, 'a', 0o600))
    const child = spawn(file, [...options.args], {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', ...output],
    })
    const { promise: exited, resolve: exit } = Promise.withResolvers<ProcessExit>()
    child.once('exit', (code, signal) => exit({ code, signal }))
    // Read before the event loop turns: until then an ended child is not collected and its entry still stands.
    const startTicks = child.pid === undefined ? undefined : procEntry(child.pid)?.startTicks
    await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed))
    if (child.pid === undefined || startTicks === undefined) throw new Error('the system gave no process id')
    child.unref()
    return { pid: child.pid, startTicks, exited }
  } catch (error) {
    return { fault: 'not-started', file, detail: error instanceof Error ? error.message : String(error) }
  } finally {
    for (const descriptor of output) closeSync(descriptor)
  }
}

/** The program's absolute path, or what is missing. */
function findProgram({ file, cwd, env }: SpawnOptions): string | StartFault {
  if (!isFolder(cwd)) return { fault: 'folder-missing', cwd }
  const named = file.includes('/')
  const candidates = named
    ? [isAbsolute(file) ? file : resolve(cwd, file)]
    : (env.PATH ?? '').split(delimiter).flatMap((folder) => (folder ? [resolve(folder, file)] : []))
  const present = candidates.filter(isFile)
  const executable = present.find(isExecutable)
  if (executable) return executable
  if (present[0]) return { fault: 'program-not-executable', file: present[0] }
  return { fault: 'program-missing', file, looked: named ? (candidates[0] ?? file) : null }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
