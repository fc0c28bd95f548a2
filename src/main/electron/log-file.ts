import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { IpcMain } from 'electron'
import log from 'electron-log/main'
import { type Logger, loggerOn } from '#core/platform/index.ts'

/** The log is kept to this size, and one older file beside it. Bytes. */
const longestLog = 5 * 1024 * 1024

/**
 * The console's log, written by electron-log: one line per entry, `time level part: sentence {fields}`. It is said on standard
 * error as well, for whoever started the app from a terminal. Nothing below `least`.
 */
export function logFile(file: string, least: 'debug' | 'info', ipcMain: IpcMain): Logger {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // electron-log lets every page write to the log; here a page has one channel, and it is the pipe.
  ipcMain.removeAllListeners('__ELECTRON_LOG__')
  ipcMain.removeHandler('__ELECTRON_LOG__')

  // Whoever watched the terminal may have gone: a line that nobody reads is no error, least of all one to be logged.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})

  const lines = log.create({ logId: 'wheelhouse' })
  lines.transports.file.resolvePathFn = () => file
  lines.transports.file.maxSize = longestLog
  lines.transports.file.writeOptions = { flag: 'a', mode: 0o600, encoding: 'utf8' }
  lines.transports.file.format = '{iso} {level} {text}'
  lines.transports.console.format = '{level} {text}'
  lines.transports.console.level = least
  lines.transports.ipc.level = false
  return loggerOn((level, part, message, fields) => {
    if (level === 'debug' && least !== 'debug') return
    const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : ''
    lines[level](`${part}: ${message}${more}`)
  })
}
