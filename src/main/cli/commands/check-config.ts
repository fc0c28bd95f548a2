import { loadSite } from '#core/config/index.ts'
import { checkDevices, checkRoutes } from '#core/messaging/index.ts'
import { checkPolicies } from '#core/recovery/index.ts'
import type { ConfigProblem } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { counted } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse config check`: every mistake in the site.yaml of a folder. Opens nothing and changes nothing. */
export async function checkConfig(context: CommandContext, directory: string): Promise<number> {
  const loaded = await loadSite(directory, {
    given: { environment: process.env },
    kept: true,
    checkDevices,
    checkRoutes,
    checkPolicies,
  })
  const problems = loaded.valid ? loaded.warnings : loaded.problems
  show(context, { valid: loaded.valid, directory, problems }, checkText(loaded.valid, directory, problems))
  return loaded.valid ? exitCodes.done : exitCodes.failed
}

export function checkText(valid: boolean, directory: string, problems: readonly ConfigProblem[]): string {
  const told = problems.map(({ file, line, column, path, message, remedy }) => {
    const where = [file, line, column].filter((part) => part !== null).join(':')
    return `${where}  ${path}\n  ${message}\n  ${remedy}`
  })
  if (!valid) return [...told, `${counted(problems.length, 'mistake')} in the site of ${directory}.`].join('\n')
  return [
    ...told,
    `The site in ${directory} is valid${told.length > 0 ? `, with ${counted(told.length, 'warning')}` : ''}.`,
  ].join('\n')
}
