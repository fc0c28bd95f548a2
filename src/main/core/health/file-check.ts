import { type Clock, inTime } from '#core/platform/index.ts'
import type { FileLooks } from './file-looks.ts'
import type { Check, ProbeAnswer } from './types.ts'

/** Looks whether a file is there and, where that is asked, when it last changed. It is not read. */
export async function fileCheck(
  { path, newerMs }: Extract<Check, { type: 'file' }>,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
  clock: Clock,
  looks: FileLooks,
): Promise<ProbeAnswer> {
  const began = clock.monotonic()
  const answer = (ok: boolean, sentence: string): ProbeAnswer => ({
    ok,
    sentence,
    ms: Math.round(clock.monotonic() - began),
  })
  try {
    const looked = await looks.look(path, limits)
    if ('late' in looked) return answer(false, `${path} ${looked.late}`)
    const ageMs = clock.wall() - looked.found.mtimeMs
    if (newerMs === null) return answer(true, `${path} is there`)
    if (ageMs > newerMs)
      return answer(false, `${path} last changed ${inTime(ageMs)} ago, allowed are ${inTime(newerMs)}`)
    return answer(true, `${path} changed ${inTime(Math.max(0, ageMs))} ago`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return answer(false, `${path} is not there`)
    return answer(false, `${path} could not be looked at: ${code}`)
  }
}
