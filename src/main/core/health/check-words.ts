import { inTime } from '#core/platform/index.ts'
import type { Check } from './types.ts'

/** A check in a few words: `HTTP 127.0.0.1:8101/health`, `TCP 127.0.0.1:8101`, `command pg_isready`. */
export function checkWords(check: Check): string {
  switch (check.type) {
    case 'http':
      return `HTTP ${check.url.replace(/^https?:\/\//, '')}`
    case 'tcp':
      return `TCP ${check.address}`
    case 'mqtt':
      return `MQTT ${check.url.replace(/^mqtts?:\/\//, '')}`
    case 'command':
      return `command ${check.run.join(' ')}`
    case 'sqlite':
      return `SQLite ${check.file}`
    case 'postgres':
      return `PostgreSQL ${check.url.replace(/^postgres(ql)?:\/\//, '')}`
    case 'file':
      return check.newerMs === null
        ? `file ${check.path}`
        : `file ${check.path} not older than ${inTime(check.newerMs)}`
    case 'metric':
      return `figures ${check.condition}`
    case 'pushed':
      return `a push in ${inTime(check.newerMs)}`
  }
}

/** A failure of the network in words, with the address that was asked. */
export function networkFailure(error: unknown, address: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return `connection refused at ${address}`
    case 'ECONNRESET':
    case 'EPIPE':
      return `connection closed by ${address} before it answered`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `no address known for ${address}`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${address} cannot be reached over the network`
    case 'ETIMEDOUT':
      return `no answer from ${address}`
    default:
      return `${address} could not be asked: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The first line of what a service answered, short enough for a sentence. Empty when there is none. */
export function firstLine(text: string, most = 160): string {
  const line = text.split('\n').find((candidate) => candidate.trim() !== '') ?? ''
  const clean = [...line.trim()].filter((letter) => letter >= ' ').join('')
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean
}
