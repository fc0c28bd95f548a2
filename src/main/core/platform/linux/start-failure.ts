import { ConsoleError } from '#shared/problem.ts'
import type { SpawnOptions } from '../processes.ts'
import type { StartFault } from './starter-protocol.ts'

/** The sentence for what kept a program from being started. */
export function startFailure(fault: StartFault, { stdout, stderr }: SpawnOptions): ConsoleError {
  switch (fault.fault) {
    case 'folder-missing':
      return new ConsoleError(
        'folder-missing',
        `The working folder ${fault.cwd} does not exist.`,
        'Restore the folder from a backup, or correct `cwd` in site.yaml.',
        { params: { cwd: fault.cwd } },
      )
    case 'program-not-executable':
      return new ConsoleError(
        'program-not-executable',
        `The program ${fault.file} may not be executed.`,
        `Make it executable: chmod +x ${fault.file}`,
        { params: { file: fault.file } },
      )
    case 'program-missing':
      return new ConsoleError(
        'program-missing',
        fault.looked === null
          ? `There is no program ${fault.file} on this machine.`
          : `The program ${fault.looked} does not exist.`,
        'Install it, restore it from a backup, or correct `run` in site.yaml.',
        { params: { file: fault.file } },
      )
    case 'not-started':
      return new ConsoleError(
        'program-not-started',
        `The program ${fault.file} could not be started: ${fault.detail}.`,
        `Check that the program fits this machine and that ${stdout} and ${stderr} can be written.`,
        { params: { file: fault.file }, retryable: true },
      )
  }
}
