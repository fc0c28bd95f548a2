import { statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { unloadable } from './function-errors.ts'
import { type FunctionOrder, functionBounds, type RememberedFile } from './function-protocol.ts'

/** A function of a site: gets the payload and the message around it, and gives the new payload, or a promise of it. */
export type SiteFunction = (payload: unknown, context: object) => unknown

export interface LoadedFunction {
  readonly call: SiteFunction
  /** What it consists of; null when that is too much to be remembered. */
  readonly version: readonly (RememberedFile & { readonly text: Buffer })[] | null
}

/**
 * Loads the function of a site, from its files or from what is remembered of them. Of whatever it imports from the release it is noted
 * what it was, so that the same can be loaded again when the files are not what they were.
 */
export class FunctionLoader {
  readonly #order: FunctionOrder
  readonly #known: ReadonlyMap<string, RememberedFile & { readonly text: Buffer }>
  readonly #files = new Map<string, RememberedFile & { readonly text: Buffer }>()
  readonly #sources = new Map<string, string>()
  /** Files that are looked for, as they were before that. */
  readonly #sought: Map<string, string>
  #isWhole = true

  constructor(order: FunctionOrder, known: readonly (RememberedFile & { readonly text: Buffer })[]) {
    this.#order = order
    this.#known = new Map(known.map((file) => [file.url, file]))
    const main = join(order.release, order.function.file)
    this.#sought = new Map([[main, stampOf(main)]])
  }

  /** Paths and stamps of the files that were loaded, or that it was tried with. */
  get files(): ReadonlyMap<string, string> {
    const loaded = [...this.#files.values()].map(({ url, stamp }) => [fileURLToPath(url), stamp] as const)
    return new Map([...this.#sought, ...loaded])
  }

  /** Rejects with why it cannot be loaded: the end of a sentence. */
  async load(): Promise<LoadedFunction> {
    const { release, function: wanted } = this.#order
    const hooks = registerHooks({
      load: (url, context, nextLoad) => {
        const known = this.#known.get(url)
        if (known) {
          this.#note(known)
          return { format: known.format, source: known.text, shortCircuit: true }
        }
        if (!url.startsWith('file:') || !fileURLToPath(url).startsWith(release + sep)) return nextLoad(url, context)
        const stamp = stampOf(fileURLToPath(url))
        const loaded = nextLoad(url, context)
        const text = bytesOf(loaded.source)
        const length = text?.length ?? 0
        this.#note({ url, format: loaded.format ?? '', stamp, length, text: text ?? Buffer.alloc(0) })
        if (text === null || typeof loaded.format !== 'string') this.#isWhole = false
        return loaded
      },
    })
    try {
      const url = pathToFileURL(join(release, wanted.file))
      const exported: Readonly<Record<string, unknown>> = await import(url.href)
      const call = Object.hasOwn(exported, wanted.export) ? exported[wanted.export] : undefined
      if (typeof call !== 'function') throw new NoSuchExport(missing(wanted.export, exported))
      return {
        call: (payload, context) => Reflect.apply(call, undefined, [payload, context]),
        version: this.#version(),
      }
    } catch (error) {
      if (error instanceof NoSuchExport) throw error
      this.#noteMissing(error)
      throw new Error(unloadable(error, release, this.#sources))
    } finally {
      // What it imports later on is not a part of what can be loaded again.
      hooks.deregister()
    }
  }

  #note(file: RememberedFile & { readonly text: Buffer }): void {
    this.#files.set(file.url, file)
    this.#sources.set(file.url, file.text.toString())
  }

  /** A file that was not there may come. */
  #noteMissing(error: unknown): void {
    const url = error instanceof Error && 'url' in error ? error.url : null
    if (typeof url !== 'string' || !url.startsWith('file:')) return
    const path = fileURLToPath(url)
    if (path.startsWith(this.#order.release + sep) && !this.#sought.has(path)) this.#sought.set(path, 'not there')
  }

  #version(): LoadedFunction['version'] {
    const files = [...this.#files.values()]
    const bytes = files.reduce((sum, { length }) => sum + length, 0)
    return this.#isWhole && bytes <= functionBounds.remembered ? files : null
  }
}

/** By what a change of a file is told. */
export function stampOf(path: string): string {
  try {
    const { size, mtimeMs, ino } = statSync(path)
    return `${size} ${mtimeMs} ${ino}`
  } catch {
    return 'not there'
  }
}

class NoSuchExport extends Error {}

function missing(name: string, exported: Readonly<Record<string, unknown>>): string {
  const functions = Object.keys(exported).filter((key) => typeof exported[key] === 'function')
  const has = functions.length === 0 ? 'no functions' : `the functions ${functions.join(', ')}`
  const what = Object.hasOwn(exported, name) ? `“${name}” is no function` : `there is no export “${name}”`
  return `${what}; it has ${has}`
}

function bytesOf(source: unknown): Buffer | null {
  if (typeof source === 'string') return Buffer.from(source)
  if (source instanceof Uint8Array) return Buffer.from(source)
  return source instanceof ArrayBuffer ? Buffer.from(new Uint8Array(source)) : null
}
