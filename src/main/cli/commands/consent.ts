import { ConsoleError } from '#shared/problem.ts'
import { type CommandContext, show } from './context.ts'

/** How a command that must not happen by accident was called. */
export interface ConsentOptions {
  /** Do it without asking. */
  readonly yes: boolean
  /** Show what it would do and leave it at that. */
  readonly plan: boolean
}

/** What is about to be done: a sentence, all of it as text, and as a document. */
export interface Intent {
  readonly sentence: string
  readonly text: string
  readonly document: Readonly<Record<string, unknown>>
}

/**
 * Shows what a command would do and gets the operator's word. Throws `confirmation-needed` where nobody can be asked and nobody
 * said yes beforehand.
 */
export async function agreed(context: CommandContext, intent: Intent, { yes, plan }: ConsentOptions): Promise<boolean> {
  const { terminal, json } = context
  if (plan) {
    show(context, intent.document, intent.text)
    return false
  }
  if (!json) terminal.err(intent.text)
  if (yes) return true
  const answer = json ? null : await terminal.ask('Go on?')
  if (answer === null) {
    throw new ConsoleError(
      'confirmation-needed',
      `${intent.sentence} Nobody is there to say yes to it, so nothing was changed.`,
      'Say yes beforehand with --yes; look at what it would do with --plan.',
      { params: intent.document },
    )
  }
  if (!answer) terminal.err('Nothing was changed.')
  return answer
}
