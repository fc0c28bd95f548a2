import { commandWords } from './command-words.ts'
import type { DeployEntry } from './deploy-schema.ts'

/** A command with its time limit. References in it are not resolved yet. */
export interface TimedCommand {
  readonly run: readonly string[]
  readonly withinMs: number
}

/** How releases come in and when they are good. Times in milliseconds. */
export interface DeployDefinition {
  /** Releases kept besides the one in use, the one before it and pinned ones. */
  readonly keep: number
  readonly probationMs: number
  /** How long a service may be unhealthy on probation. */
  readonly graceMs: number
  /** Crashes on probation that are forgiven. */
  readonly attempts: number
  readonly checks: readonly ('disk' | 'memory' | 'ports' | 'config' | 'services' | 'busy')[]
  readonly install: TimedCommand | null
  readonly busy: { readonly run: readonly string[] } | { readonly file: string } | null
  readonly tests: Readonly<Record<string, TimedCommand>>
  /** What is taken back by itself. */
  readonly takeBack: 'code' | 'code-and-data'
}

export function toDeploy(entry: DeployEntry): DeployDefinition {
  const { busy } = entry
  return {
    keep: entry.keep,
    probationMs: entry.probation,
    graceMs: entry.grace,
    attempts: entry.attempts,
    checks: entry.checks,
    install: entry.install ? timed(entry.install) : null,
    busy:
      busy?.file !== undefined ? { file: busy.file } : busy?.run !== undefined ? { run: commandWords(busy.run) } : null,
    tests: Object.fromEntries(Object.entries(entry.tests).map(([id, test]) => [id, timed(test)])),
    takeBack: entry.data,
  }
}

function timed({ run, within }: NonNullable<DeployEntry['install']>): TimedCommand {
  return { run: commandWords(run), withinMs: within }
}
