import type { TargetView } from '#shared/contract/targets.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { bytes, moment, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'
import { runJob } from './run-job.ts'

/** `wheelhouse backups targets`. */
export async function listTargets(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const { targets } = await reached.connection.calls.targets.list()
  const { site } = await firstState(reached.connection)
  show(context, { targets }, targetsText(targets, site.site?.zone ?? 'UTC'))
  return exitCodes.done
}

/** `wheelhouse backups copy [ID]`: copies that are not plugged in are left out when none is named. */
export async function copyBackups(context: CommandContext, copy: string | null): Promise<number> {
  await using reached = await context.reach('any')
  const { targets } = reached.connection.calls
  if (copy !== null) return await runJob(context, reached, await targets.copy({ copy }))
  const copies = (await targets.list()).targets.filter(({ id }) => id !== 'main')
  if (copies.length === 0) {
    show(context, { targets: [] }, 'This site has no copies of its backups. Name one in site.yaml (backup.copies).')
    return exitCodes.done
  }
  let code: number = exitCodes.done
  for (const { id, state, sentence } of copies) {
    if (state === 'absent') context.terminal.err(`${id}: ${sentence ?? 'not plugged in'}`)
    else code = Math.max(code, await runJob(context, reached, await targets.copy({ copy: id })))
  }
  return code
}

/** `wheelhouse backups use [ID]`. */
export async function useCopy(context: CommandContext, copy: string | null): Promise<number> {
  await using reached = await context.reach('any')
  const { targets } = reached.connection.calls
  await targets.use({ copy })
  const inUse = (await targets.list()).targets.find((target) => target.inUse)
  const said =
    copy === null
      ? `Snapshots are those of ${inUse?.place} again.`
      : `Snapshots are now those of the copy in ${inUse?.place}: look at them with "wheelhouse snapshots". No backups are taken until "wheelhouse backups use".`
  show(context, { copy }, said)
  return exitCodes.done
}

export function targetsText(targets: readonly TargetView[], zone: string): string {
  const rows = targets.map((target) => [
    target.inUse ? `${target.id} *` : target.id,
    target.kind,
    stateOf(target),
    target.snapshots === null ? '?' : String(target.snapshots),
    target.id === 'main' ? '' : target.behind === null ? '?' : String(target.behind),
    target.lastAt === null ? 'never' : moment(target.lastAt, zone),
    target.freeBytes === null ? '' : bytes(target.freeBytes),
    target.place,
  ])
  const heads = ['TARGET', 'KIND', 'STATE', 'SNAPSHOTS', 'BEHIND', 'LAST', 'FREE', 'PLACE']
  const said = targets.flatMap(({ id, sentence, remedy }) =>
    sentence === null ? [] : [`${id}: ${sentence}${remedy === null ? '' : ` ${remedy}`}`],
  )
  return [table(heads, rows, ['SNAPSHOTS', 'BEHIND', 'FREE']), ...said].join('\n')
}

function stateOf({ state, weak }: TargetView): string {
  const words = { ready: weak ? 'ready (weak)' : 'ready', empty: 'empty', absent: 'not plugged in', problem: 'PROBLEM' }
  return words[state]
}
