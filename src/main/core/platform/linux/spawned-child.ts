import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, resolve } from 'node:path'
import { ConsoleError } from '#shared/problem.ts'
import type { ChildProcess, ProcessExit, SpawnOptions } from '../processes.ts'
import { procEntry } from './proc-table.ts'
import { signalProcessGroup } from './process-group.ts'

/** Starts a program in a session of its own, its output appended to files. */
export async function spawnChild(options: SpawnOptions, bootId: string): Promise<ChildProcess> {
  const file = findProgram(options)
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
    let gone = false
    let released = false
    child.once('exit', (code, signal) => {
      gone = true
      if (!released) exit({ code, signal })
    })
    // Read before the event loop turns: until then an ended child is not collected and its entry still stands.
    const startTicks = child.pid === undefined ? undefined : procEntry(child.pid)?.startTicks
    await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed))
    if (child.pid === undefined || startTicks === undefined) throw new Error('the system gave no process id')
    child.unref()
    const { pid } = child
    return {
      identity: { pid, startTicks, bootId },
      adopted: false,
      exited,
      signalGroup(signal) {
        if (!gone) signalProcessGroup(pid, signal)
      },
      release() {
        released = true
      },
    }
  } catch (error) {
    throw error instanceof ConsoleError ? error : startFailed(file, options, error)
  } finally {
    for (const descriptor of output) closeSync(descriptor)
  }
}

/** The program's absolute path; throws the sentence for what is missing. */
function findProgram({ file, cwd, env }: SpawnOptions): string {
  if (!isFolder(cwd)) {
    throw new ConsoleError(
      'folder-missing',
      `The working folder ${cwd} does not exist.`,
      'Restore the folder from a backup, or correct `cwd` in site.yaml.',
      { params: { cwd } },
    )
  }
  const candidates = file.includes('/')
    ? [isAbsolute(file) ? file : resolve(cwd, file)]
    : (env.PATH ?? '').split(delimiter).flatMap((folder) => (folder ? [resolve(folder, file)] : []))
  const present = candidates.filter(isFile)
  const executable = present.find(isExecutable)
  if (executable) return executable
  if (present[0]) {
    throw new ConsoleError(
      'program-not-executable',
      `The program ${present[0]} may not be executed.`,
      `Make it executable: chmod +x ${present[0]}`,
      { params: { file: present[0] } },
    )
  }
  throw new ConsoleError(
    'program-missing',
    file.includes('/')
      ? `The program ${candidates[0]} does not exist.`
      : `There is no program ${file} on this machine.`,
    'Install it, restore it from a backup, or correct `run` in site.yaml.',
    { params: { file } },
  )
}

function startFailed(file: string, { stdout, stderr }: SpawnOptions, error: unknown): ConsoleError {
  const detail = error instanceof Error ? error.message : String(error)
  return new ConsoleError(
    'program-not-started',
    `The program ${file} could not be started: ${detail}.`,
    `Check that the program fits this machine and that ${stdout} and ${stderr} can be written.`,
    { params: { file }, cause: error, retryable: true },
  )
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
