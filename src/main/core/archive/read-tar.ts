import { archiveDamaged, archiveRefused, shown } from './archive-problems.ts'
import { blockSize, decodePax, decodeTarHeader, type RawHeader, type TarEntry, withPax } from './tar-format.ts'

/** What an archive is read with: an entry, then its content, which must be read before the next. */
export interface TarVisitor {
  entry(entry: TarEntry, content: AsyncIterable<Buffer>): Promise<void>
  /** Said of the whole archive, by name. */
  comment(records: ReadonlyMap<string, Buffer>): void
}

/** Of an extended header, and of a name in GNU's way. */
const mostExtended = 1024 * 1024

const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '1': 'hard',
  '2': 'link',
  '5': 'folder',
  '7': 'file',
}
const specials: Readonly<Record<string, string>> = {
  '3': 'a device',
  '4': 'a device',
  '6': 'a named pipe',
  S: 'a sparse file in GNU’s way',
}

/**
 * Reads an archive as it comes, never more than a piece of it at a time. Rejects with `archive-damaged` when it is none or ends too
 * early, and with `archive-refused` for what no snapshot holds: devices, pipes, kinds that are not known.
 */
export async function readTar(source: AsyncIterable<Buffer>, visitor: TarVisitor): Promise<void> {
  const bytes = new ByteLine(source)
  let extended: ReadonlyMap<string, Buffer> = new Map()
  let seen = false
  for (;;) {
    const block = await bytes.exactly(blockSize, seen ? 'it ends in the middle' : 'it is empty')
    const found = decodeTarHeader(block)
    if (found === undefined)
      throw archiveDamaged(seen ? 'a header in it does not match its checksum' : 'it is no tar archive')
    if (found === null) return
    seen = true
    const header = withPax(found, extended)
    if (!header || !Number.isSafeInteger(header.size)) throw archiveDamaged('a header in it makes no sense')
    if ('xgLK'.includes(found.flag)) {
      if (found.size > mostExtended) throw archiveRefused(`the description of an entry in it has ${found.size} bytes`)
      const content = await bytes.exactly(found.size, 'it ends in the middle')
      await bytes.skipPadding(found.size)
      extended = new Map([...extended, ...extension(found.flag, content, visitor)])
      continue
    }
    extended = new Map()
    await visit(header, bytes, visitor)
  }
}

function extension(flag: string, content: Buffer, visitor: TarVisitor): ReadonlyMap<string, Buffer> {
  if (flag === 'L' || flag === 'K') {
    const end = content.indexOf(0)
    return new Map([[flag === 'L' ? 'path' : 'linkpath', end < 0 ? content : content.subarray(0, end)]])
  }
  const records = decodePax(content)
  if (!records) throw archiveDamaged('an extended header in it makes no sense')
  if ([...records.keys()].some((name) => name.startsWith('GNU.sparse')))
    throw archiveRefused('it holds a sparse file in GNU’s way')
  if (flag === 'x') return records
  visitor.comment(records)
  return new Map()
}

async function visit(header: RawHeader, bytes: ByteLine, visitor: TarVisitor): Promise<void> {
  const { flag, ...rest } = header
  const slashed = rest.path.at(-1) === 0x2f
  // Archives from before POSIX mark folders by the slash alone.
  const type = types[flag] === 'file' && slashed ? 'folder' : types[flag]
  if (!type)
    throw archiveRefused(
      `"${shown(rest.path)}" is ${specials[flag] ?? `of a kind that is not known (${shown(Buffer.from(flag))})`}`,
    )
  const size = type === 'file' ? rest.size : 0
  const content = bytes.piecesOf(size)
  await visitor.entry({ ...rest, type, size }, content)
  for await (const _ of content) {
    // What the visitor did not read is passed over.
  }
  if (type === 'file') await bytes.skipPadding(size)
  else
    for await (const _ of bytes.piecesOf(padded(rest.size))) {
      // Some writers give links and folders a size, and content with it.
    }
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize
}

/** Bytes that come in pieces of any length. */
class ByteLine {
  readonly #source: AsyncIterator<Buffer>
  #held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  async exactly(length: number, whenNot: string): Promise<Buffer> {
    const parts: Buffer[] = []
    for await (const piece of this.piecesOf(length, whenNot)) parts.push(Buffer.from(piece))
    return Buffer.concat(parts)
  }

  async *piecesOf(length: number, whenNot = 'it ends in the middle of a file'): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) {
        const next = await this.#source.next()
        if (next.done) throw archiveDamaged(whenNot)
        this.#held = next.value
      }
      const piece = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(piece.length)
      left -= piece.length
      yield piece
    }
  }

  async skipPadding(size: number): Promise<void> {
    await this.exactly(padded(size) - size, 'it ends in the middle')
  }
}
