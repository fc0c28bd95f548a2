/** One operation that changed the disk, as the shim recorded it, in the order in which they took place. */
export type Operation =
  | { readonly type: 'create' | 'sync' | 'unlink' | 'mkdir'; readonly path: string; readonly inode: number }
  | {
      readonly type: 'write'
      readonly path: string
      readonly inode: number
      readonly at: number
      readonly data: Buffer
    }
  | { readonly type: 'truncate'; readonly path: string; readonly inode: number; readonly size: number }
  | { readonly type: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  /** What the driver noted at this moment. */
  | { readonly type: 'mark'; readonly text: string }

const headBytes = 32

/** Reads a trace (struct record in the shim). */
export function operationsIn(trace: Buffer): readonly Operation[] {
  const operations: Operation[] = []
  for (let from = 0; from + headBytes <= trace.length; ) {
    const path = from + headBytes
    const data = path + trace.readUInt32LE(from + 4)
    const end = data + trace.readUInt32LE(from + 8)
    operations.push(
      operation(trace.readUInt32LE(from), {
        path: trace.toString('utf8', path, data),
        data: trace.subarray(data, end),
        inode: Number(trace.readBigUInt64LE(from + 16)),
        at: Number(trace.readBigInt64LE(from + 24)),
      }),
    )
    from = end
  }
  return operations
}

interface Fields {
  readonly path: string
  readonly data: Buffer
  readonly inode: number
  readonly at: number
}

/** The numbers are those of `enum operation` in the shim. */
function operation(number: number, { path, data, inode, at }: Fields): Operation {
  switch (number) {
    case 1:
      return { type: 'create', path, inode }
    case 2:
      return { type: 'write', path, inode, at, data }
    case 3:
    case 4:
      return { type: 'truncate', path, inode, size: at }
    case 5:
      return { type: 'sync', path, inode }
    case 6:
      return { type: 'rename', from: path, to: data.toString() }
    case 7:
      return { type: 'unlink', path, inode }
    case 8:
      return { type: 'mkdir', path, inode }
    case 9:
      return { type: 'link', from: path, to: data.toString() }
    case 10:
      return { type: 'mark', text: data.toString() }
    case 15:
      return { type: 'symlink', path, target: data.toString() }
    default:
      throw new Error(`The trace has an operation ${number} that is not known.`)
  }
}
