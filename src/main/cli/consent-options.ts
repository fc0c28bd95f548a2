import type { Command } from 'commander'
import type { ConsentOptions } from './commands/consent.ts'

/** Gives a command the options of whatever asks before it acts. */
export function withConsent(command: Command): Command {
  return command.option('--yes', 'do it without asking').option('--plan', 'show what it would do, and leave it at that')
}

/** Those options as they were given. */
export function consent({ yes = false, plan = false }: Partial<ConsentOptions>): ConsentOptions {
  return { yes, plan }
}
