import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import type { PortHolder } from '../processes.ts'
import { commandOf, pids } from './proc-table.ts'

/** A listening socket from /proc/net/tcp or tcp6. */
export interface ListeningSocket {
  readonly address: string
  readonly port: number
  readonly inode: string
}

// include/net/tcp_states.h: TCP_LISTEN, and TCP_CLOSE, in which a UDP socket is that is not connected to one other side.
const listening = { tcp: '0A', udp: '07' } as const

/** Who listens on a port. Looks through the processes' open files only when somebody does. */
export function portHolders(port: number): readonly PortHolder[] {
  const sockets = [...listeningSockets('/proc/net/tcp'), ...listeningSockets('/proc/net/tcp6')].filter(
    (socket) => socket.port === port,
  )
  if (sockets.length === 0) return []
  const owners = socketOwners(new Set(sockets.map((socket) => socket.inode)))
  return sockets.map(({ address, inode }) => {
    const pid = owners.get(inode) ?? null
    return { address, port, pid, command: pid === null ? null : commandOf(pid) }
  })
}

/** Remembers the ports that were listened on at the last look. */
export interface PortLook {
  /**
   * Whether nobody listened on the port at a look of at most `freshMs` ago. Asked again for the same port it looks anew: who asked first
   * has begun to listen there.
   */
  seemsFree(port: number, freshMs: number): boolean
}

export function portLook(clock: Pick<Clock, 'monotonic'>): PortLook {
  let last: { readonly at: number; readonly ports: ReadonlySet<number>; readonly asked: Set<number> } | undefined
  return {
    seemsFree(port, freshMs) {
      const now = clock.monotonic()
      if (!last || now - last.at > freshMs || last.asked.has(port)) {
        const sockets = [...listeningSockets('/proc/net/tcp'), ...listeningSockets('/proc/net/tcp6')]
        last = { at: now, ports: new Set(sockets.map((socket) => socket.port)), asked: new Set() }
      }
      last.asked.add(port)
      return !last.ports.has(port)
    },
  }
}

/** The listening sockets in the text of /proc/net/tcp, tcp6, udp or udp6. */
export function parseListening(text: string, protocol: keyof typeof listening = 'tcp'): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = []
  const wanted = ` ${listening[protocol]} `
  for (const line of text.split('\n').slice(1)) {
    if (!line.includes(wanted)) continue // most are connections
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const [address, port] = local?.split(':') ?? []
    if (state !== listening[protocol] || !address || !port || !inode) continue
    sockets.push({ address: readableAddress(address), port: Number.parseInt(port, 16), inode })
  }
  return sockets
}

/** Addresses are hexadecimal, each 32-bit word in the byte order of the machine (little-endian on all that we run on). */
function readableAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)))
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.every((byte) => byte === 0)) return '::'
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1'
  if (hex.toUpperCase().startsWith('0000000000000000FFFF0000')) return bytes.slice(12).join('.')
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16))
  return groups.join(':')
}

/** Those of one file of /proc; none where there is no such file. */
export function listeningSockets(path: string, protocol: keyof typeof listening = 'tcp'): readonly ListeningSocket[] {
  try {
    return parseListening(readFileSync(path, 'latin1'), protocol)
  } catch {
    return [] // IPv6 switched off: there is no such file
  }
}

function socketOwners(inodes: ReadonlySet<string>): ReadonlyMap<string, number> {
  const owners = new Map<string, number>()
  for (const pid of pids()) {
    for (const descriptor of openFiles(pid)) {
      const inode = socketInode(`/proc/${pid}/fd/${descriptor}`)
      if (inode !== undefined && inodes.has(inode) && !owners.has(inode)) owners.set(inode, pid)
    }
    if (owners.size === inodes.size) break
  }
  return owners
}

/** Numbers of the files that a process has open; empty when it is gone or another user's. */
export function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return [] // gone, or another user's
  }
}

/** The socket that a link of /proc/PID/fd leads to; undefined when it leads elsewhere. */
export function socketInode(link: string): string | undefined {
  try {
    return readlinkSync(link).match(/^socket:\[(\d+)\]$/)?.[1]
  } catch {
    return undefined
  }
}
