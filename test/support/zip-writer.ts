import { crc32, deflateRawSync } from 'node:zlib'

/** A zip as a writer might make it, or as nobody should. */
export interface ZipPart {
  readonly name: string | Buffer
  readonly content?: Buffer
  /** Type and rights of Unix; 644 of a file unless told. Null: made on another system. */
  readonly mode?: number | null
  /** 8, deflate, unless told. */
  readonly method?: number
  readonly flags?: number
  /** What is said instead of the truth. */
  readonly said?: {
    readonly size?: number
    readonly crc?: number
    readonly localName?: string
    readonly at?: number
    readonly wide?: boolean
  }
}

/** Writes a zip by its own reading of the format (PKWARE APPNOTE 6.3.10), so that reader and writer share no code. */
export function zipOf(parts: readonly ZipPart[], comment = ''): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const part of parts) {
    const { content = Buffer.alloc(0), method = 8, flags = 0x800, said = {} } = part
    const name = Buffer.from(part.name)
    const localName = Buffer.from(said.localName ?? name)
    const packed = method === 8 ? deflateRawSync(content) : content
    const crc = said.crc ?? crc32(content)
    const size = said.size ?? content.length
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    local.writeUInt16LE(flags, 6)
    local.writeUInt16LE(method, 8)
    local.writeUInt32LE(crc, 14)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(size, 22)
    local.writeUInt16LE(localName.length, 26)
    bodies.push(local, localName, packed)
    const extra = Buffer.alloc(said.wide ? 28 : 0)
    if (said.wide) {
      extra.writeUInt16LE(1, 0)
      extra.writeUInt16LE(24, 2)
      extra.writeBigUInt64LE(BigInt(size), 4)
      extra.writeBigUInt64LE(BigInt(packed.length), 12)
      extra.writeBigUInt64LE(BigInt(at), 20)
    }
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(part.mode === null ? 20 : (3 << 8) | 20, 4)
    entry.writeUInt16LE(20, 6)
    entry.writeUInt16LE(flags, 8)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(said.wide ? 0xffffffff : packed.length, 20)
    entry.writeUInt32LE(said.wide ? 0xffffffff : size, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE(extra.length, 30)
    entry.writeUInt32LE(((part.mode ?? 0o100644) << 16) >>> 0, 38)
    entry.writeUInt32LE(said.wide ? 0xffffffff : (said.at ?? at), 42)
    directory.push(entry, name, extra)
    at += 30 + localName.length + packed.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(at, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...bodies, listed, end, Buffer.from(comment)])
}
