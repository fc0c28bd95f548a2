import { readlinkSync } from 'node:fs'
import { bootId, isGone, procEntry } from './proc-table.ts'

/**
 * Names one process of one boot of one machine, `<boot and process table>/<pid>.<start>`: a pid that was given out again, another machine of
 * the same name, or another container differs. Null when there is no such process, or the system tells no such thing.
 */
export function processMark(pid: number): string | null {
  try {
    const entry = procEntry(pid)
    if (!entry || isGone(entry)) return null
    return `${bootId()}:${readlinkSync('/proc/self/ns/pid')}/${pid}.${entry.startTicks}`
  } catch {
    return null
  }
}
