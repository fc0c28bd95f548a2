import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What happens to an operation of the disk. `short write`: half of it is written, and the next write finds no space. `crash`: the
 * program, its threads and its children are killed, in the middle of the operation when it is a write. `full`: no space from this
 * operation on, until the disk is mended.
 */
export type Fault = (typeof faults)[number]
export const faults = ['EIO', 'ENOSPC', 'EACCES', 'short write', 'crash', 'full'] as const

const numberOf: Readonly<Record<Fault, number>> = {
  EIO: 1,
  ENOSPC: 2,
  EACCES: 3,
  'short write': 4,
  crash: 5,
  full: 6,
}
const mode = { off: 0, fail: 1, record: 2 } as const

/** Compiles the shim into a folder. Returns the path of the library. */
export function compileShim(folder: string): string {
  const library = join(folder, 'fault-shim.so')
  const source = join(import.meta.dirname, 'shim', 'fault-shim.c')
  execFileSync('cc', ['-Wall', '-Wextra', '-Werror', '-O1', '-shared', '-fPIC', '-o', library, source])
  return library
}

/** A folder whose file system fails on demand for programs that are started with {@link env}. */
export class FaultDisk {
  /** The folder that may fail. */
  readonly root: string
  /** Where a driver notes what it was told; on a disk that never fails. */
  readonly marks: string
  readonly #library: string
  readonly #control: string
  readonly #trace: string

  readonly #wide: boolean

  /** `wide`: what reads, and what changes rights, owners and times, is numbered and fails as well; it is not recorded. */
  constructor(library: string, folder: string, { wide = false }: { readonly wide?: boolean } = {}) {
    this.#library = library
    this.#wide = wide
    this.root = join(folder, 'disk')
    this.marks = join(folder, 'marks')
    this.#control = join(folder, 'control')
    this.#trace = join(folder, 'trace')
    mkdirSync(this.root, { recursive: true })
    writeFileSync(this.#control, Buffer.alloc(512))
    writeFileSync(this.marks, '')
  }

  /** The environment in which a program and its children see this disk. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.#library,
      WHEELHOUSE_FAULT_ROOT: this.root,
      WHEELHOUSE_FAULT_CONTROL: this.#control,
      WHEELHOUSE_FAULT_MARKS: this.marks,
      WHEELHOUSE_FAULT_TRACE: this.#trace,
      ...(this.#wide && { WHEELHOUSE_FAULT_WIDE: '1' }),
    }
  }

  /** Counts operations from now on; the `at`-th, from 1, fails. Without a fault they are only counted. */
  arm(fault?: Fault, at = 0): void {
    this.prepare(fault, at)
    this.#write(Buffer.from([mode.fail]))
  }

  /** As {@link arm}, but the driver says when it begins. */
  prepare(fault?: Fault, at = 0): void {
    const bytes = Buffer.alloc(48)
    bytes.writeUInt32LE(fault ? numberOf[fault] : 0, 4)
    bytes.writeBigUInt64LE(BigInt(at), 8)
    this.#write(bytes)
  }

  /** Records every operation from now on. */
  record(): void {
    writeFileSync(this.#trace, '')
    const bytes = Buffer.alloc(48)
    bytes.writeUInt32LE(mode.record, 0)
    this.#write(bytes)
  }

  /** The disk works again, and counts no more. What was counted stays. */
  disarm(): void {
    this.#write(Buffer.alloc(8))
  }

  /** Operations since {@link arm}, how many of them failed, and which one did last: `fsync /…/control.db-wal`. */
  get operations(): { readonly count: number; readonly failed: number; readonly what: string } {
    const bytes = Buffer.alloc(512)
    const file = openSync(this.#control, 'r')
    readSync(file, bytes)
    closeSync(file)
    const what = bytes.toString('utf8', 40)
    return {
      count: Number(bytes.readBigUInt64LE(16)),
      failed: bytes.readUInt32LE(24),
      what: what.slice(0, what.indexOf('\0')),
    }
  }

  /** What was recorded, as the shim wrote it. */
  get trace(): Buffer {
    return readFileSync(this.#trace)
  }

  /** The file is mapped by the programs: it must be written in place. */
  #write(bytes: Buffer): void {
    const file = openSync(this.#control, 'r+')
    writeSync(file, bytes, 0, bytes.length, 0)
    closeSync(file)
  }
}
