import { join } from 'node:path'
import {
  type Clock,
  type CrashPoints,
  noCrashPoints,
  silentLogger,
  systemClock,
  systemProcesses,
} from '#core/platform/index.ts'
import type { EnvironmentName } from '#shared/environment.ts'
import { Console } from '../../src/main/console/index.ts'
import { testRuntime } from './runtime.ts'

/** The real console without a host around it, its user data in `home`. Close it with the test. */
export function openTestConsole(
  home: string,
  given: Clock | { readonly environment: EnvironmentName; readonly clock?: Clock } = systemClock(),
  crashPoints: CrashPoints = noCrashPoints,
): Promise<Console> {
  const clock = 'environment' in given ? (given.clock ?? systemClock()) : given
  return Console.open({
    host: 'headless',
    version: 'test',
    ...('environment' in given && { runsFor: given.environment }),
    folders: { data: join(home, 'user'), runtime: join(home, 'run', 'wheelhouse') },
    runtime: testRuntime(),
    resources: join(import.meta.dirname, '../../resources'),
    dialogs: null,
    logger: silentLogger,
    clock,
    processes: systemProcesses({ clock, logger: silentLogger, runtime: testRuntime() }),
    crashPoints,
    random: Math.random,
  })
}
