import { isAbsolute, relative, sep } from 'node:path'
import { resolveDatabase, type SiteDefinition, variablesOf } from '#core/config/index.ts'
import { ConsoleError } from '#shared/problem.ts'
import type { SetAside } from '../set-aside.ts'
import { corruptIn, emptied, type OwnPath, ownPath } from '../site-paths.ts'
import type { RecoveryAction, StepRun } from '../types.ts'
import { type AssertStartable, listed, nothing, type RecoveryServices, stoppedMeanwhile } from './services.ts'

export interface FileActionParts {
  readonly directory: string
  readonly definition: () => SiteDefinition | null
  readonly services: RecoveryServices
  readonly assertStartable: AssertStartable
  readonly aside: SetAside
}

/** `reset-state`, `reset-corrupt`, `clear-cache`. */
export function fileActions(parts: FileActionParts): readonly RecoveryAction[] {
  return [resetAction('reset-state', parts), resetAction('reset-corrupt', parts), clearAction(parts)]
}

/** Moves named state aside while its service stands still; with `reset-corrupt` only the files that cannot be read. */
function resetAction(name: 'reset-state' | 'reset-corrupt', parts: FileActionParts): RecoveryAction {
  const { directory, services, assertStartable, aside } = parts
  const touched = ({ services: ids }: StepRun) => [
    ...new Set(ids.flatMap((id) => [id, ...services.preview('stop', id).services.map((each) => each.id)])),
  ]
  const found = async (run: StepRun, signal: AbortSignal) => {
    const paths = await existing(run, parts)
    if (name === 'reset-state') return paths
    return (await Promise.all(paths.map((path) => corruptIn(directory, path, signal)))).flat()
  }
  return {
    name,
    movesFiles: true,
    touches: touched,
    async preview(run) {
      const paths = (await found(run, new AbortController().signal)).map(({ shown }) => shown)
      const lines =
        paths.length === 0
          ? [name === 'reset-state' ? 'There is nothing at the named paths.' : 'No file there is corrupt.']
          : [
              ...(run.services.length > 0
                ? [`Stop ${listed(touched(run))}, and start again afterwards what ran.`]
                : []),
              `Move ${paths.join(', ')} into .wheelhouse/set-aside, where it is kept for 14 days.`,
            ]
      return { lines, paths }
    },
    async act(run, job) {
      const paths = await found(run, job.signal)
      if (paths.length === 0) {
        return nothing(
          name === 'reset-state' ? 'There was nothing at the named paths.' : 'No state was found to be corrupt.',
        )
      }
      const move = () => aside.take(paths, { name: run.policy.id, reason: run.why })
      const wanted = run.services.filter((id) => services.wanted().includes(id))
      const folder =
        run.services.length === 0
          ? await move()
          : await stoppedMeanwhile(services, touched(run), wanted, assertStartable, job, move)
      for (const { shown } of paths) job.log(`${shown} → ${folder}/${shown}`)
      return { result: 'done', sentence: `${listed(paths.map(({ shown }) => shown))} set aside in ${folder}.` }
    },
  }
}

/** Empties cache folders. What is in a cache can be made again, so this is the one thing that is deleted. */
function clearAction(parts: FileActionParts): RecoveryAction {
  return {
    name: 'clear-cache',
    movesFiles: true,
    touches: ({ services }) => services,
    async preview(run) {
      const paths = (await existing(run, parts)).map(({ shown }) => shown)
      return {
        lines: [
          paths.length === 0 ? 'There is no cache at the named paths.' : `Delete what is in ${paths.join(', ')}.`,
        ],
        paths,
      }
    },
    async act(run, job) {
      const paths = await existing(run, parts)
      let count = 0
      for (const path of paths) {
        const gone = await emptied(path, job.signal)
        if (gone > 0) job.log(`${path.shown}: ${gone} removed`)
        count += gone
      }
      if (count === 0) return nothing('The caches were empty.')
      return { result: 'done', sentence: `${listed(paths.map(({ shown }) => shown))} cleared: ${count} removed.` }
    },
  }
}

const placeholder = /\$\{service\}/g

/** The named paths that exist. Throws when one leads elsewhere or holds a database of the site. */
async function existing(
  { step, services }: StepRun,
  { directory, definition }: FileActionParts,
): Promise<readonly OwnPath[]> {
  if (!('paths' in step)) return []
  const perService = (text: string) =>
    text.search(placeholder) >= 0 ? services.map((id) => text.replace(placeholder, id)) : [text]
  const texts = [...new Set(step.paths.flatMap(perService))]
  const found = (await Promise.all(texts.map((text) => ownPath(directory, text)))).flatMap((path) => path ?? [])
  for (const path of found) {
    const database = databaseIn(path, definition(), directory)
    if (database === null) continue
    throw new ConsoleError(
      'path-holds-database',
      `${path.shown} was left alone: it holds the database of the service ${database}.`,
      'Use the step restore-database, which knows how databases are moved.',
    )
  }
  return found
}

function databaseIn(own: OwnPath, definition: SiteDefinition | null, directory: string): string | null {
  if (definition === null) return null
  for (const service of Object.values(definition.services)) {
    if (service.database?.target.engine !== 'sqlite') continue
    const target = resolveDatabase(service.database, service, definition, variablesOf(directory, directory))
    if (target.engine !== 'sqlite') continue
    const way = relative(own.path, target.file)
    if (way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))) return service.id
  }
  return null
}
