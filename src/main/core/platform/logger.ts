export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The console's own log. A message is a sentence; fields carry what a search would look for. Never pass a secret. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A logger whose lines carry the name of a part ("coordinator", "backup"). */
  part(name: string): Logger
}

/** A logger that keeps nothing: for places that must have one and tests that do not look at it. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  part: () => silentLogger,
}

/** Builds a logger on one function that takes a finished line. */
export function loggerOn(
  sink: (level: LogLevel, part: string, message: string, fields: Readonly<Record<string, unknown>>) => void,
  part = 'console',
): Logger {
  return {
    debug: (message, fields = {}) => sink('debug', part, message, fields),
    info: (message, fields = {}) => sink('info', part, message, fields),
    warn: (message, fields = {}) => sink('warn', part, message, fields),
    error: (message, fields = {}) => sink('error', part, message, fields),
    part: (name) => loggerOn(sink, name),
  }
}
