import { hostname } from 'node:os'

/** Addresses that only this machine reaches. */
const loopback = ['127.0.0.1', 'localhost', '::1']

/** Whether an address to bind to is reached from this machine only. */
export function isLoopback(host: string): boolean {
  return loopback.includes(host) || /^127\./.test(host)
}

/**
 * Which names this host answers to. A page elsewhere can make a name of its own lead here (DNS rebinding), so only names that
 * nobody else can give away are taken: the bound address and localhost; beyond loopback also plain IP addresses and this
 * machine's own name.
 */
export interface OwnAddress {
  readonly host: string
  readonly port: number
}

/** Whether a request's `Host` header names this host. */
export function isOwnHost(header: string | undefined, own: OwnAddress): boolean {
  const named = parseHost(header)
  if (!named || named.port !== own.port) return false
  if (loopback.includes(named.name) || named.name === own.host.toLowerCase()) return true
  if (isLoopback(own.host)) return false
  const machine = hostname().toLowerCase()
  return isIpAddress(named.name) || named.name === machine || named.name === `${machine}.local`
}

/** Whether a WebSocket is asked for by this host's own page: its origin must be the very host that it talks to. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined, own: OwnAddress): boolean {
  return origin !== undefined && isOwnHost(host, own) && origin === `http://${host}`
}

/** The address to open, without the token. A host that listens everywhere is named by loopback: that always works here. */
export function pageAddress({ host, port }: OwnAddress): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}/`
}

function parseHost(header: string | undefined): { readonly name: string; readonly port: number } | null {
  const found = /^(\[[0-9a-f:.]+\]|[^:/@\s]+)(?::(\d{1,5}))?$/i.exec(header ?? '')
  if (!found) return null
  const name = (found[1] ?? '').toLowerCase().replace(/^\[|\]$/g, '')
  return { name, port: found[2] === undefined ? 80 : Number(found[2]) }
}

function isIpAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || (name.includes(':') && /^[0-9a-f:.]+$/.test(name))
}
