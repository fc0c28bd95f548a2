import { basename, dirname, join } from 'node:path'
import { builtRuntime, type Runtime } from '#core/platform/index.ts'
import description from '../../../package.json' with { type: 'json' }

/** Where the parts lie for what runs on plain Node: the headless host and the command line. */
export interface NodePlaces {
  readonly version: string
  readonly runtime: Runtime
  /** Folder of the built page. */
  readonly renderer: string
  /** Folder with `sites/`, as shipped. */
  readonly resources: string
  /** Whether this is an installed app rather than a checkout. */
  readonly installed: boolean
}

/**
 * The places, from the folder of the program that was started: `out/main` of a checkout, of an installed app (outside its
 * archive, which plain Node cannot read), or a folder of the sources.
 */
export function findNodePlaces(entryFolder: string, node: string = process.execPath): NodePlaces {
  const isBuilt = basename(entryFolder) === 'main' && basename(dirname(entryFolder)) === 'out'
  const root = isBuilt ? join(entryFolder, '..', '..') : join(entryFolder, '..', '..', '..')
  const installed = basename(root) === 'app.asar.unpacked'
  return {
    version: description.version,
    runtime: builtRuntime(isBuilt ? entryFolder : join(root, 'out', 'main'), node),
    renderer: join(root, 'out', 'renderer'),
    resources: installed ? dirname(root) : join(root, 'resources'),
    installed,
  }
}
