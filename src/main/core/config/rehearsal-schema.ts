import { z } from 'zod'
import { expectation } from './expectation.ts'
import { cron, duration, keys, size, text } from './schema-leaves.ts'

/** Words for the usual schedules, in the site's zone: at four in the morning, after the nightly backup. */
const words: Readonly<Record<string, string>> = { daily: '0 4 * * *', weekly: '0 4 * * 0' }

const message = expectation(
  'rehearse-bad',
  '`weekly`, `daily`, `off`, or five cron fields (minute hour day month weekday) such as `0 4 * * 0`',
)

/** `backup.rehearse`: a cron expression after parsing, null for `off`. */
export const rehearseSchema = z
  .string({ error: message })
  .transform((value, context) => {
    if (value === 'off') return null
    const pattern = words[value] ?? value
    if (cron().safeParse(pattern).success) return pattern
    context.issues.push({ code: 'custom', message, input: value })
    return z.NEVER
  })
  .prefault('off')
  .meta({
    words: '`weekly`, `daily`, `off` or cron',
    description:
      'When the newest good snapshot is restored into a sandbox beside the site and started there, to see that it can be. A date that was missed is made up for. See [backups](backups.md#rehearsals).',
  })

/** `backup.sandbox`. */
export const sandboxSchema = keys({
  folder: text('an absolute path')
    .optional()
    .meta({ description: 'Where rehearsals restore to. Without it `.wheelhouse/sandbox` of the site.' }),
  most: size('1MB').prefault('50GB').meta({ words: 'size', description: 'A larger snapshot is not rehearsed.' }),
  within: duration()
    .prefault('30m')
    .meta({ words: 'duration', description: 'A rehearsal that takes longer is ended and has failed.' }),
  healthy: duration().prefault('2m').meta({
    words: 'duration',
    description: 'How long services have to become healthy there, once all of them are started.',
  }),
})
  .prefault({})
  .meta({ description: 'Where and how far rehearsals go.' })
