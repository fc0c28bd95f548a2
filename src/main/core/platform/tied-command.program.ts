/**
 * Helper process between the console and a program that is not the console's own and takes long: ends that program, and what it started, as
 * soon as the console is gone, which closes this process's standard input whichever way it ends. Arguments: the program's file and its own.
 * Ends with the program's exit code.
 */
import { spawn } from 'node:child_process'

const [file = '', ...args] = process.argv.slice(2)
const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true })
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(127)
})
child.on('exit', (code) => process.exit(code ?? 128))
process.stdin.on('close', end).on('error', end).resume()

function end(): void {
  child.kill('SIGKILL')
  // It leads a group, in which everything is that the program started.
  if (process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL')
  process.exit(128)
}
