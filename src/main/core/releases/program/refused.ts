import { ConsoleError } from '#shared/problem.ts'

/** A source that must not be used. `why` ends the sentence. */
export function releaseRefused(why: string, remedy: string = remedies.hostile): ConsoleError {
  return new ConsoleError('release-refused', `The release was refused: ${why}. Nothing of it was kept.`, remedy, {
    params: { why },
  })
}

export const remedies = {
  hostile: 'Do not use it unless you know where it comes from. Whoever made it packs it with wheelhouse releases pack.',
  size: 'Leave out what is no code (data, logs, caches), then pack it again.',
} as const

export function sourceMissing(message: string, params: Record<string, unknown>, remedy: string): ConsoleError {
  return new ConsoleError('release-source-missing', message, remedy, { params })
}
