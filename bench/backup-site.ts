import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

const MiB = 1024 * 1024

/** What a generated site consists of. Sizes in bytes; a part that is left out is not made. */
export interface SitePlan {
  readonly code: { readonly files: number; readonly bytes: number }
  readonly docs: { readonly files: number; readonly bytes: number }
  readonly logs: { readonly files: number; readonly bytes: number }
  /** Pictures, archives, models: what no compression makes smaller. */
  readonly media: { readonly files: number; readonly bytes: number }
  /** Size of the SQLite database; 0 for none. */
  readonly database: number
}

/** The site of the bars: 650 MB in 10,000 files. */
export const largeSite: SitePlan = {
  code: { files: 7_000, bytes: 100 * MiB },
  docs: { files: 2_800, bytes: 50 * MiB },
  logs: { files: 168, bytes: 230 * MiB },
  media: { files: 30, bytes: 150 * MiB },
  database: 90 * MiB,
}

/** A hundred thousand small files: what walking and comparing cost. */
export const manyFiles: SitePlan = {
  code: { files: 80_000, bytes: 60 * MiB },
  docs: { files: 20_000, bytes: 20 * MiB },
  logs: { files: 0, bytes: 0 },
  media: { files: 0, bytes: 0 },
  database: 0,
}

const filesInFolder = 70
/** Every file is this old, so that nothing counts as still being written. Milliseconds since 1970. */
const age = Date.UTC(2026, 0, 15, 8)

/** Makes a site folder, the same one each time: text is drawn from a seeded generator. */
export function generateSite(site: string, plan: SitePlan): void {
  const random = new Random(20_260_115)
  const text = new Text(random)
  mkdirSync(site, { recursive: true })
  writeFileSync(join(site, 'site.yaml'), 'wheelhouse: 1\nsite: bench\n')
  const file = (path: string, content: Uint8Array) => {
    writeFileSync(join(site, path), content)
    utimesSync(join(site, path), age / 1_000, age / 1_000)
  }
  const many = (
    folder: string,
    ending: string,
    { files, bytes }: SitePlan['code'],
    make: (length: number) => Buffer,
  ) => {
    for (let index = 0; index < files; index++) {
      const below = join(folder, `part-${Math.floor(index / filesInFolder)}`)
      if (index % filesInFolder === 0) mkdirSync(join(site, below), { recursive: true })
      // Sizes differ by a factor of forty, most are small, and together they come to what was asked for.
      const share = 0.05 + 1.9 * (((index * 7_919) % 1_000) / 1_000)
      file(join(below, `file-${index}${ending}`), make(Math.max(1, Math.round((bytes / files) * share))))
    }
  }
  many('releases/r1', '.mjs', plan.code, (length) => text.code(length))
  many('docs', '.md', plan.docs, (length) => text.prose(length))
  many('logs', '.log', plan.logs, (length) => text.log(length))
  many('data/media', '.bin', plan.media, (length) => random.bytes(length))
  if (plan.database > 0) makeDatabase(join(site, 'data', 'app.db'), plan.database, random, text)
}

/** Changes a few pages here and there of the database that {@link generateSite} made. Returns how many rows were changed. */
export function changeDatabase(site: string, seed = 1): number {
  const database = new Sqlite(join(site, 'data', 'app.db'))
  const random = new Random(seed)
  const count = Number(database.prepare('SELECT count(*) FROM visit').pluck().get())
  const update = database.prepare('UPDATE visit SET note = ? WHERE id = ?')
  const rows = 200
  database.transaction(() => {
    for (let n = 0; n < rows; n++) update.run(`changed ${n}`, 1 + random.below(count))
  })()
  database.close()
  return rows
}

function makeDatabase(path: string, bytes: number, random: Random, text: Text): void {
  const database = new Sqlite(path)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = OFF')
  database.exec(
    'CREATE TABLE visit (id INTEGER PRIMARY KEY, at INTEGER, desk TEXT, token TEXT, note TEXT); CREATE INDEX visit_desk ON visit (desk, at)',
  )
  const insert = database.prepare('INSERT INTO visit (at, desk, token, note) VALUES (?, ?, ?, ?)')
  const pages = () => Number(database.pragma('page_count', { simple: true }))
  const rows = database.transaction(() => {
    for (let n = 0; n < 5_000; n++) {
      const token = random.bytes(24).toString('hex')
      insert.run(age + n * 977, `desk-${random.below(400)}`, token, text.prose(120 + random.below(300)).toString())
    }
  })
  while (pages() * 4096 < bytes) rows()
  database.close()
}

/** xorshift32: fast, seeded, and good enough to defeat compression. */
class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0 || 1
  }

  next(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }

  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound)
  }

  bytes(length: number): Buffer {
    const words = new Uint32Array(Math.ceil(length / 4))
    for (let at = 0; at < words.length; at++) words[at] = this.next()
    return Buffer.from(words.buffer, 0, length)
  }
}

/** Text that compresses about as code, prose and logs do: words by frequency, numbers, names that return. */
class Text {
  readonly #random: Random
  readonly #words: readonly string[]

  constructor(random: Random) {
    this.#random = random
    const syllables = ['ra', 'to', 'min', 'sel', 'con', 'vi', 'der', 'pre', 'lu', 'ka', 'est', 'on', 'fi', 'gra', 'ti']
    this.#words = Array.from({ length: 6_000 }, () =>
      Array.from({ length: 1 + random.below(4) }, () => syllables[random.below(syllables.length)]).join(''),
    )
  }

  prose(length: number): Buffer {
    return this.#fill(length, () => {
      const words = Array.from({ length: 8 + this.#random.below(14) }, () => this.#word())
      return `${words.join(' ')}.${this.#random.below(4) === 0 ? '\n\n' : ' '}`
    })
  }

  code(length: number): Buffer {
    return this.#fill(length, () => {
      const [a, b, c] = [this.#word(), this.#word(), this.#word()]
      switch (this.#random.below(4)) {
        case 0:
          return `  const ${a} = ${b}.${c}(${this.#random.below(1_000)})\n`
        case 1:
          return `export function ${a}${c}(${b}: string): void {\n  return ${this.#word()}(${b})\n}\n\n`
        case 2:
          return `  if (${a}.${b} === '${c}') return ${this.#word()}.${this.#word()}\n`
        default:
          return `  // ${a} ${b} ${c} ${this.#word()}\n`
      }
    })
  }

  log(length: number): Buffer {
    let at = age
    return this.#fill(length, () => {
      at += this.#random.below(4_000)

      return `${new Date(at).toISOString()} ${this.#random.below(20) === 0 ? 'WARN' : 'INFO'} ${this.#word()}.${this.#word()} request=${this.#random.next().toString(16)} ms=${this.#random.below(2_000)} ${this.#word()} ${this.#word()}\n`
    })
  }

  /** Frequent words are far more frequent than rare ones. */
  #word(): string {
    const share = this.#random.next() / 2 ** 32
    return this.#words[Math.floor(share ** 3 * this.#words.length)] ?? ''
  }

  #fill(length: number, sentence: () => string): Buffer {
    const parts: string[] = []
    for (let size = 0; size < length; ) {
      const part = sentence()
      parts.push(part)
      size += part.length
    }
    return Buffer.from(parts.join(''), 'latin1').subarray(0, length)
  }
}
