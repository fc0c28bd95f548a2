// Runs a program and passes on what happens to this one: output, Ctrl-C, exit code. Works on Node 20, needs nothing installed.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project, whatever the current folder is. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Writes one line for the person in front of the terminal. */
export function say(line = '') {
  process.stdout.write(`${line}\n`)
}

/**
 * Runs a program to its end with this terminal. Signals that ask this process to stop are handed to it, and it is waited for.
 * Resolves with its exit code, 128 + signal number when a signal ended it, 127 when it could not be started.
 */
export function run(file, args, { env = process.env, stdio = 'inherit', cwd = root } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, env, stdio })
    const forward = (signal) => child.kill(signal)
    for (const signal of forwarded) process.on(signal, forward)
    const orphaned = whenOrphaned(() => child.kill('SIGTERM'))
    const done = (code) => {
      clearInterval(orphaned)
      for (const signal of forwarded) process.off(signal, forward)
      resolve(code)
    }
    child.once('error', (error) => {
      say(`Could not start ${file}: ${error.message}`)
      done(127)
    })
    child.once('exit', (code, signal) => done(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/**
 * npm hands signals to the shell between it and this process, and the shell dies of them without handing them on. What npm
 * started ends with that shell.
 */
function whenOrphaned(action) {
  if (!process.env.npm_lifecycle_event) return undefined
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    action()
  }, 500)
  return timer
}

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** The environment with a folder first on PATH. */
export function withPath(folder, env = process.env) {
  return { ...env, PATH: `${folder}${delimiter}${env.PATH ?? ''}` }
}
