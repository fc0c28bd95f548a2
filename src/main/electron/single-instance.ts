import type { App } from 'electron'
import type { Logger } from '#core/platform/index.ts'
import { type Launch, launchSchema, plainLaunch } from '../console/launch/index.ts'

/**
 * Makes this the one desktop console of this user. False when another one runs: it has been told what this launch asked for,
 * and this process must end. Later launches are told to `onLaunch`.
 */
export function takeSingleInstance(
  app: App,
  launch: Launch,
  logger: Logger,
  onLaunch: (launch: Launch) => void,
): boolean {
  if (!app.requestSingleInstanceLock(launch)) return false
  // The command line that the event carries is Chromium's rearranged one; what was asked for travels as data.
  app.on('second-instance', (_event, _argv, _workingDirectory, additionalData) => {
    const asked = launchSchema.safeParse(additionalData)
    if (!asked.success) logger.warn('A second launch asked for something that cannot be read; the window is shown.')
    onLaunch(asked.success ? asked.data : plainLaunch)
  })
  return true
}
