import { join } from 'node:path'
import { environments, usualEnvironment } from '#core/environment.ts'
import { type Clock, crashPointsFrom, systemProcesses, type UserFolders } from '#core/platform/index.ts'
import { greet } from '#shared/client/index.ts'
import { Console } from '../console/index.ts'
import { environmentIn } from '../console/launch/index.ts'
import type { NodePlaces } from '../console/node-places.ts'
import { logFile } from '../headless/log-file.ts'
import type { Reached } from './reach.ts'
import { transportPair } from './transport-pair.ts'

/**
 * Opens a site for one command, without a host; null is the sample site, made where it does not exist. Nothing is started;
 * services that an ended console left running are taken up while it is open and left running afterwards.
 */
export async function openOffline(
  directory: string | null,
  { folders, clock, places }: { readonly folders: UserFolders; readonly clock: Clock; readonly places: NodePlaces },
): Promise<Reached> {
  const environment = environmentIn(process.env)
  const logger = logFile(
    join(folders.data, 'logs', 'console.log'),
    environments[environment ?? usualEnvironment(places.installed)].log,
  )
  const console = await Console.open({
    host: 'command line',
    runsFor: environment,
    installed: places.installed,
    version: places.version,
    folders,
    runtime: places.runtime,
    resources: places.resources,
    dialogs: null,
    logger,
    clock,
    processes: systemProcesses({ clock, logger, runtime: places.runtime }),
    crashPoints: crashPointsFrom(process.env),
    random: Math.random,
  })
  const close = () => console.close({ services: 'leave' })
  try {
    await console.openInitial({ site: directory ?? console.sampleFolder, otherwise: 'none', start: false })
    const { client, server } = transportPair()
    console.connect(server, { client: 'command line', token: null })
    const connection = await greet(client, { client: 'command line' })
    return { connection, live: false, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
