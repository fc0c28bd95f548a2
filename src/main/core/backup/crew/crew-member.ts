import { Packer } from '../repository/packer.ts'
import type { Protection } from '../repository/protection.ts'
import { release } from '../repository/release.ts'
import { FileChecker } from './check-files.ts'
import { checkPack } from './check-pack.ts'
import { SpentMemory } from './spent-memory.ts'
import type { TaskName, Tasks } from './tasks.ts'
import { writeFiles } from './write-files.ts'

interface Done {
  readonly value: unknown
  /** Buffers that are handed over with it. */
  readonly transfer: readonly ArrayBuffer[]
}

/** What one thread of the crew does and keeps: its open packs. */
export class CrewMember {
  readonly #protection: Protection
  readonly #packer: Packer
  readonly #spent = new SpentMemory()
  readonly #checker: FileChecker
  readonly #work: { readonly [N in TaskName]: (input: Tasks[N]['input']) => Done } = {
    pack: ({ bytes, blobs, spare }) => {
      for (const buffer of spare) this.#packer.reuse(buffer)
      for (const { id, type, start, length } of blobs) {
        this.#packer.add(id, type, new Uint8Array(bytes, start, length))
        this.#spent.add([length])
      }
      const { value, transfer } = this.#packed()
      return { value: { ...value, bytes }, transfer: [...transfer, bytes] }
    },
    flush: () => {
      this.#packer.flush()
      const done = this.#packed()
      this.#spent.giveBack()
      return done
    },
    'check-pack': (input) => {
      const why = checkPack(input, this.#protection)
      this.#spent.add(input.blobs.map(({ length }) => length))
      const memory = input.content.buffer
      return { value: { why, memory }, transfer: [memory] }
    },
    write: (input) => {
      const value = writeFiles(input, this.#protection)
      for (const { bytes } of input.blobs) release(bytes)
      this.#spent.add(input.blobs.map(({ length }) => length))
      return { value, transfer: [] }
    },
    'check-files': (input) => ({ value: this.#checker.check(input), transfer: [] }),
  }

  constructor(protection: Protection) {
    this.#protection = protection
    this.#packer = new Packer(protection)
    this.#checker = new FileChecker(protection.identity)
  }

  run(name: TaskName, input: unknown): Done {
    // The sender's types have seen to it that the input is the one of this task.
    return (this.#work[name] as (input: unknown) => Done)(input)
  }

  #packed() {
    const value = this.#packer.take()
    return { value, transfer: value.packs.map(({ content }) => content.buffer) }
  }
}
