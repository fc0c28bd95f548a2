import type { ResourceLimits } from 'node:worker_threads'

/**
 * What the console's threads may take, megabytes. V8 gives each thread up to 48 MB for young objects: those through which messages pass
 * need it, the others only keep it.
 */
export const threadMemory = {
  /** Threads through which messages or calls pass in bulk. */
  busy: { maxOldGenerationSizeMb: 512 },
  /** Threads that do one thing at a time; what they may hold in all is as large as V8 makes it. */
  quiet: { maxYoungGenerationSizeMb: 6 },
} as const satisfies Readonly<Record<string, ResourceLimits>>
