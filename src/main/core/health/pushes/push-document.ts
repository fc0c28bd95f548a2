import { z } from 'zod'
import { firstLine } from '../check-words.ts'

/** As much as one push may hold: bytes of its text, and figures. */
export const pushLimits = { bytes: 16_384, figures: 50, nameLength: 64, sentenceLength: 300 } as const

/** What a service tells of itself at once: any of these, at least one. */
export interface Push {
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | null
  readonly sentence: string | null
  readonly figures: Readonly<Record<string, number>>
}

export type PushReading =
  | { readonly ok: true; readonly push: Push }
  /** Why it was not taken: a whole sentence for whoever wrote the service. */
  | { readonly ok: false; readonly why: string }

const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
  .max(pushLimits.nameLength)

const schema = z
  .strictObject({
    health: z.enum(['healthy', 'degraded', 'unhealthy']).optional(),
    sentence: z.string().max(2_000).optional(),
    figures: z.record(name, z.number()).optional(),
  })
  .refine(({ health, sentence, figures }) => health ?? sentence ?? figures, {
    message: 'it must have at least one of health, sentence, figures',
  })
  .refine(({ figures = {} }) => Object.keys(figures).length <= pushLimits.figures, {
    message: `it has more than ${pushLimits.figures} figures`,
  })

/** Reads a push: `{"health": "healthy", "sentence": "…", "figures": {"fps": 24.5}}`. */
export function readPush(text: string): PushReading {
  if (Buffer.byteLength(text) > pushLimits.bytes)
    return { ok: false, why: `It is larger than ${pushLimits.bytes} bytes.` }
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return { ok: false, why: 'It is not JSON.' }
  }
  const read = schema.safeParse(document)
  if (!read.success) {
    const [issue] = read.error.issues
    const where = issue?.path.join('.') ?? ''
    return { ok: false, why: `${where === '' ? 'It' : where} is not as it should be: ${issue?.message ?? ''}.` }
  }
  const { health = null, sentence, figures = {} } = read.data
  return {
    ok: true,
    push: { health, sentence: sentence === undefined ? null : firstLine(sentence, pushLimits.sentenceLength), figures },
  }
}
