import { ConsoleError } from '#shared/problem.ts'
import type { Clock } from './clock.ts'
import { linuxProcesses } from './linux/linux-processes.ts'
import type { Logger } from './logger.ts'
import type { Processes } from './processes.ts'
import type { Runtime } from './programs.ts'

export interface ProcessesOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Where the helper that starts programs is; null starts them from this process, which blocks it for as long as its copying takes. */
  readonly runtime: Runtime | null
}

/** The processes of this machine. Throws `platform-not-supported` where the console cannot supervise any. */
export function systemProcesses(options: ProcessesOptions, platform: NodeJS.Platform = process.platform): Processes {
  if (platform === 'linux') return linuxProcesses(options)
  throw new ConsoleError(
    'platform-not-supported',
    `This version of Wheelhouse cannot supervise services on ${platform}.`,
    'Run it on a Linux PC.',
    { params: { platform } },
  )
}
