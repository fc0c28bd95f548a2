import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'

/** One line of the process table, from /proc/PID/stat (proc(5)). */
export interface ProcEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** One letter: R, S, D, Z (ended, not yet collected by its parent), X … */
  readonly state: string
  /** Clock ticks of processor time, user and system. */
  readonly cpuTicks: number
  /** Clock ticks since boot at which it was started. */
  readonly startTicks: number
  /** Resident memory, in pages of {@link pageBytes}. */
  readonly residentPages: number
}

/** Linux reports processor times to programs in hundredths of a second on every architecture (USER_HZ). */
export const ticksPerSecond = 100

/**
 * Parses /proc/PID/stat. The second field is the program's name in parentheses and may itself hold spaces and
 * parentheses, so the fields are counted from the last `)`.
 */
export function parseStat(text: string): ProcEntry | undefined {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 0 || close < open) return undefined
  const rest = text.slice(close + 2).split(' ') // rest[0] is field 3, the state
  const field = (number: number): number => Number(rest[number - 3])
  const entry: ProcEntry = {
    pid: Number(text.slice(0, open)),
    state: rest[0] ?? '',
    parent: field(4),
    group: field(5),
    session: field(6),
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
    residentPages: field(24),
  }
  return Number.isSafeInteger(entry.pid) && Number.isSafeInteger(entry.startTicks) ? entry : undefined
}

/** The entry of one pid; undefined when there is none. */
export function procEntry(pid: number): ProcEntry | undefined {
  const text = readLine(`/proc/${pid}/stat`)
  return text === undefined ? undefined : parseStat(text)
}

/** Every process that this one may see. */
export function procTable(): readonly ProcEntry[] {
  const entries: ProcEntry[] = []
  for (const pid of pids()) {
    const entry = procEntry(pid)
    if (entry) entries.push(entry)
  }
  return entries
}

export function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** Ended but not yet collected counts as gone: nothing of it runs any more. */
export function isGone(entry: ProcEntry): boolean {
  return entry.state === 'Z' || entry.state === 'X' || entry.state === 'x'
}

/** The command line as one string, at most 200 characters; the bare name where there is none. */
export function commandOf(pid: number): string | null {
  const line = readProc(`/proc/${pid}/cmdline`)?.split('\0').join(' ').trim()
  if (line) return line.length > 200 ? `${line.slice(0, 199)}…` : line
  return readProc(`/proc/${pid}/comm`)?.trim() ?? null
}

/**
 * The program's base name, and for an interpreter that of its script. Nothing else of the command line, which may hold
 * secrets; a title that a program gave itself is cut at its first space or colon.
 */
export function nameOf(pid: number): string {
  const [program = '', ...args] = readProc(`/proc/${pid}/cmdline`)?.split('\0') ?? []
  const name = baseName(program.split(/[\s:]/)[0] ?? '') || readProc(`/proc/${pid}/comm`)?.trim() || '?'
  const script = args.find((arg, at) => scriptName.test(arg) && !preloads.has(args[at - 1] ?? ''))
  return (script === undefined ? name : `${name} ${baseName(script)}`).slice(0, 80)
}

const scriptName = /^[\w./@+ -]{1,500}\.(?:[cm]?[jt]s|py|sh|rb|pl|php|jar)$/
/** Options of interpreters that are followed by a file which is not the program. */
const preloads: ReadonlySet<string> = new Set(['--import', '--require', '-r', '--loader', '--experimental-loader'])

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Milliseconds since the machine was started, sleep included: what start times are counted from. */
export function sinceBootMs(): number {
  return Number(readProc('/proc/uptime')?.split(' ')[0] ?? 0) * 1_000
}

/** The signals that a process has code for and that it ignores, as bits (signal 1 is bit 0). */
export function signalMasks(pid: number): { readonly caught: bigint; readonly ignored: bigint } | undefined {
  const status = readProc(`/proc/${pid}/status`)
  const caught = status?.match(/^SigCgt:\s*([0-9a-f]+)/m)?.[1]
  const ignored = status?.match(/^SigIgn:\s*([0-9a-f]+)/m)?.[1]
  return caught && ignored ? { caught: BigInt(`0x${caught}`), ignored: BigInt(`0x${ignored}`) } : undefined
}

/** Resident memory in bytes; 0 when it cannot be told. */
export function residentBytes(pid: number): number {
  const kilobytes = readProc(`/proc/${pid}/status`)?.match(/^VmRSS:\s*(\d+) kB/m)?.[1]
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024
}

/** The size of a page of memory: 4 KiB on most machines, 16 KiB on some Raspberry Pis. From what the kernel tells every program (getauxval(3)). */
export function pageBytes(): number {
  const pageSize = 6n // AT_PAGESZ, elf.h
  try {
    const facts = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= facts.length; at += 16) {
      if (facts.readBigUInt64LE(at) === pageSize) return Number(facts.readBigUInt64LE(at + 8))
    }
  } catch {
    // not to be seen: it is what most have
  }
  return 4_096
}

/** The value of a variable in a process's environment as it was at its start. */
export function environmentValue(pid: number, name: string): string | undefined {
  const text = readProc(`/proc/${pid}/environ`)
  if (text === undefined) return undefined
  const start = text.startsWith(`${name}=`) ? 0 : text.indexOf(`\0${name}=`) + 1
  if (start === 0 && !text.startsWith(`${name}=`)) return undefined
  const end = text.indexOf('\0', start)
  return text.slice(start + name.length + 1, end < 0 ? undefined : end)
}

export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** A file of /proc of one short line, as text: it comes with one read. Undefined when the process is gone or belongs to somebody else. */
function readLine(path: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    const buffer = Buffer.allocUnsafe(1_024)
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, null))
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

/** A file of /proc as text; undefined when the process is gone or belongs to somebody else. */
function readProc(path: string): string | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    let text = ''
    const buffer = Buffer.allocUnsafe(16_384)
    for (;;) {
      const length = readSync(descriptor, buffer, 0, buffer.length, null)
      if (length === 0) return text
      text += buffer.toString('latin1', 0, length)
    }
  } catch {
    return undefined
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}
