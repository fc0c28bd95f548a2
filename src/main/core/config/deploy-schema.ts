import { z } from 'zod'
import { expectation } from './expectation.ts'
import { byId, command, duration, keys, text, whole } from './schema-leaves.ts'

/** What may be looked at before a deploy, The configuration always is. */
export const deployChecks = ['disk', 'memory', 'ports', 'config', 'services', 'busy'] as const

const checks = deployChecks.map((name) => `\`${name}\``).join(', ')

function timed(within: string) {
  return keys({
    run: command().meta({
      words: 'command',
      description:
        'A string, split into words without any shell, or the list of the words. A script runs on the Node that comes with the console.',
    }),
    within: duration()
      .prefault(within)
      .meta({ words: 'duration', description: 'How long it may take; then it is killed.' }),
  })
}

/** `deploy`: how releases come in and when they are good. */
export const deploySchema = keys({
  keep: whole(1, 100)
    .default(5)
    .meta({ description: 'Releases that are kept besides the one in use, the one before it and pinned ones.' }),
  probation: duration().prefault('2m').meta({
    words: 'duration',
    description:
      'How long all of the site must be healthy after a deploy until the release counts as good; up to `1d`.',
  }),
  grace: duration().prefault('30s').meta({
    words: 'duration',
    description: 'How long a service may be unhealthy on probation before the console goes back by itself.',
  }),
  attempts: whole(0, 20).default(2).meta({
    description: 'Crashes on probation, of services, of the console or of the PC, that do not lead back yet.',
  }),
  checks: z
    .array(z.enum(deployChecks, { error: expectation('value-unknown', `one of ${checks}`) }), {
      error: expectation('value-wrong-type', `a list of ${checks}`),
    })
    .default([...deployChecks])
    .meta({ words: 'list', description: `What is looked at before a deploy: ${checks}. The configuration always is.` }),
  install: timed('10m').optional().meta({
    description: 'Run in the folder of the new release before anything stops, to install what it depends on.',
  }),
  busy: keys({
    run: command().optional().meta({
      words: 'command',
      description: 'Exit code 0: a deploy may begin. Any other: not now, and its last line says why.',
    }),
    file: text('a path').optional().meta({
      description: 'While this file is there: not now, and its first line says why. Relative to the site folder.',
    }),
  })
    .optional()
    .meta({ description: 'How the site says that it must not be interrupted: `run` or `file`.' }),
  tests: byId('tests', timed('1m')).default({}).meta({
    words: 'map',
    description:
      'The site’s own tests, run in the folder of the new release after it is healthy, each with `run` and `within`. One that does not end with exit code 0 leads back.',
  }),
  data: z
    .enum(['code', 'code-and-data'], { error: expectation('value-unknown', '`code` or `code-and-data`') })
    .default('code')
    .meta({
      description:
        'What the console takes back by itself when a release fails: its code, or the data as they were before the deploy as well. What was written meanwhile is then lost, except from the restore point that is kept.',
    }),
})

export type DeployEntry = z.output<typeof deploySchema>
