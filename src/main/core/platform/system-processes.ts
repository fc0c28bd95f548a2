import { ConsoleError } from '#shared/problem.ts'
import type { Clock } from './clock.ts'
import { linuxProcesses } from './linux/linux-processes.ts'
import type { Logger } from './logger.ts'
import type { Processes } from './processes.ts'

export interface ProcessesOptions {
  readonly clock: Clock
  readonly logger: Logger
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
