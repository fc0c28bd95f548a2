import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import log from 'electron-log/node'
import { type Logger, type LogLevel, loggerOn } from '#core/platform/index.ts'

/** The log is kept to this size, and one older file beside it. Bytes. */
const longestLog = 5 * 1024 * 1024

/**
 * The console's log, written by electron-log: one line per entry, `time level part: sentence {fields}`, the same as the desktop
 * host writes; nothing below `least`. `also` is told each line too: for whoever watches a terminal.
 */
export function logFile(file: string, least: 'debug' | 'info', also?: (level: LogLevel, line: string) => void): Logger {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const lines = log.create({ logId: 'wheelhouse' })
  lines.transports.file.resolvePathFn = () => file
  lines.transports.file.maxSize = longestLog
  lines.transports.file.writeOptions = { flag: 'a', mode: 0o600, encoding: 'utf8' }
  lines.transports.file.format = '{iso} {level} {text}'
  lines.transports.console.level = false
  // What the file does not take, electron-log would tell the terminal past that level, with a stack for every line: of a rotation
  // by this logger, of a write by the one that the module makes for itself, whose console nobody else uses.
  for (const each of [lines, log]) each.transports.console.writeFn = () => {}
  return loggerOn((level, part, message, fields) => {
    if (level === 'debug' && least !== 'debug') return
    const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
    const line = `${part}: ${message}${more}`
    lines[level](line)
    also?.(level, line)
  })
}
