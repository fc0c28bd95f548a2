import type { Evidence, Why } from '#shared/contract/diagnostics.ts'
import type { Fix } from '#shared/contract/state.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { moment } from '../words.ts'
import { type CommandContext, show } from './context.ts'

/** `wheelhouse why SUBJECT`: one sentence, its evidence down to the first failing thing, and what helps. Done also when much is wrong. */
export async function why(context: CommandContext, subject: string): Promise<number> {
  await using reached = await context.reach('any')
  const answer = await reached.connection.calls.diagnostics.why({ subject })
  const { site } = await firstState(reached.connection)
  show(context, answer, whyText(answer, site.site?.zone ?? 'UTC', reached.live))
  return exitCodes.done
}

/** The answer for a person: the sentence first, then the evidence with its times, then commands. */
export function whyText({ sentence, evidence, fixes }: Why, zone: string, live: boolean): string {
  const helps = fixes.flatMap((fix) => commandOf(fix) ?? [])
  return [
    sentence,
    ...(evidence.length > 0 ? ['', ...evidence.map((link) => evidenceLine(link, zone))] : []),
    ...(helps.length > 0 ? ['', 'What helps:', ...helps.map((command) => `  ${command}`)] : []),
    ...(live
      ? []
      : [
          '',
          'No console runs for this site, so nothing is started again by itself: "wheelhouse start --headless" runs one.',
        ]),
  ].join('\n')
}

/** Evidence that stands on several lines, such as the remedy of an error, is kept to one. */
function evidenceLine({ at, what, sentence, event }: Evidence, zone: string): string {
  const when = at === null ? ' '.repeat('2026-01-05 16:30:00'.length) : moment(at, zone)
  const source = event === null || what !== 'event' ? '' : `  (${event})`
  return `  ${when}  ${what.padEnd(5)}  ${sentence.replaceAll(/\s*\n\s*/g, ' ')}${source}`
}

/** The fix as a command; what only a screen can do is left to it. */
function commandOf({ action }: Fix): string | null {
  switch (action.type) {
    case 'start-service':
      return `wheelhouse start ${action.service}`
    case 'restart-service':
      return `wheelhouse restart ${action.service}`
    case 'adopt-unit':
      return `wheelhouse adopt ${action.service}`
    case 'release-unit':
      return `wheelhouse release ${action.service}`
    case 'start-all':
      return 'wheelhouse start --all'
    case 'restore':
      return action.snapshot === null ? 'wheelhouse restore --plan' : `wheelhouse restore ${action.snapshot} --plan`
    case 'undo':
      return 'wheelhouse undo --plan'
    case 'back-up':
      return 'wheelhouse backup'
    case 'prune':
      return 'wheelhouse backups prune'
    case 'accept-shrink':
      return `wheelhouse backups accept-shrink ${action.snapshot}`
    case 'rehearse':
      return 'wheelhouse backups rehearse'
    case 'reload-config':
      return 'wheelhouse config check'
    case 'apply-config':
      return 'wheelhouse config apply'
    case 'restore-config':
      return 'wheelhouse config restore'
    case 'check-store':
      return `wheelhouse store check ${action.database}`
    case 'recover-store':
      return `wheelhouse store recover ${action.database}`
    case 'recover-database':
      return null
    case 'reset-dependency':
      return `wheelhouse dependency reset ${action.dependency}`
    case 'end-maintenance':
      return 'wheelhouse maintenance off'
    case 'go-to':
      return action.page === '/trust' ? 'wheelhouse trust --plan' : null
  }
}
