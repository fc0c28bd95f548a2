import { z } from 'zod'
import { expectation } from './expectation.ts'
import { command, duration, keys, toggle } from './schema-leaves.ts'

const hook = z
  .union(
    [
      command(),
      keys({
        run: command(),
        timeout: duration().prefault('30s'),
        harmless: toggle().default(false),
      }),
    ],
    {
      error: expectation(
        'value-wrong-type',
        'a command such as `services/migrate.sh --all`, the list of its words, or a map with `run`, `timeout` and `harmless`',
      ),
    },
  )
  .transform((entry) =>
    typeof entry === 'string' || Array.isArray(entry) ? { run: entry, timeout: 30_000, harmless: false } : entry,
  )
  .optional()

function callback(what: string) {
  return hook.meta({ words: 'command', description: what })
}

/** `hooks` of a service: commands that are run around its start and its stop. */
export const hooksSchema = keys({
  'before-start': callback('Run before each start. When it fails, the start has failed, and counts for the budget.'),
  'after-start': callback('Run once it runs and its `startup` passed. Holds nothing back; a failure is a warning.'),
  'before-stop': callback('Run before it is asked to end, not when it ended by itself. A failure is a warning.'),
  'after-stop': callback('Run after it has ended, also by itself. A failure is a warning.'),
})
  .prefault({})
  .meta({
    description:
      'Commands around its start and stop: a command, or `{ run, timeout, harmless }`; `timeout` is `30s` without it, then it is killed; [rehearsals](backups.md#rehearsals) run only those with `harmless: on`. A script (`.mjs`, `.js`, `.cjs`) runs on the Node that comes with the console. Each has the service’s environment and folder, and writes into its log.',
  })
