import type { ResourceLimits } from 'node:worker_threads'

/**
 * What the console's threads may take, megabytes. V8 gives each thread up to 48 MB for young objects and hardly gives any of it back,
 * which in a console with nothing to do would be most of its memory.
 */
export const threadMemory = {
  /** Threads through which messages or calls pass in bulk. */
  busy: { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 512 },
  /** Threads that do one thing at a time; what they may hold in all is as large as V8 makes it. */
  quiet: { maxYoungGenerationSizeMb: 6 },
} as const satisfies Readonly<Record<string, ResourceLimits>>
