import { z } from 'zod'
import { expectation } from './expectation.ts'
import { duration, keys, size, whole } from './schema-leaves.ts'

/** Per cent of one core. */
function share() {
  const message = expectation('share-bad', 'a share of one processor core such as `80%`, or `150%` for one and a half')
  return z
    .string({ error: message })
    .regex(/^(?:[1-9]\d{0,4})%$/, { error: message })
    .transform((text) => Number(text.slice(0, -1)))
}

/** `limits` of a service. */
export const limitsSchema = keys({
  memory: size('1MB').optional().meta({ words: 'size', description: 'Resident memory of all its processes.' }),
  cpu: share()
    .optional()
    .meta({ words: 'per cent', description: 'Processor time of all its processes, in per cent of one core.' }),
  processes: whole(1, 100_000).optional().meta({ description: 'Processes, its own included.' }),
  'open-files': whole(1, 10_000_000)
    .optional()
    .meta({ description: 'Open files, sockets and pipes of all its processes.' }),
  for: duration()
    .prefault('1m')
    .meta({ words: 'duration', description: 'How long it must be over one without a break, and later below it.' }),
})
  .optional()
  .meta({
    description:
      'What it should not use more of. Beyond it there is an event and a card; nothing is killed. It counts as kept again below nine tenths of it.',
  })
