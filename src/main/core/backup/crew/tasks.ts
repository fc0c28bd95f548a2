import type { BlobType, PackedBlob } from '../repository/pack-format.ts'
import type { FinishedPack } from '../repository/packer.ts'
import type { RepositoryKeyBytes } from '../repository/protection.ts'

/** What a thread of the crew is asked to do. Buffers are handed over, not copied: who sends one has it no more. */
export interface Tasks {
  /** Compresses blobs into the packs of this thread. Answers with the packs that became full. */
  readonly pack: {
    readonly input: {
      readonly bytes: ArrayBuffer
      readonly blobs: readonly BlobPiece[]
      /** Memory of packs that are written, to fill the next ones in. */
      readonly spare: readonly ArrayBuffer[]
    }
    readonly output: PackedOutput & { readonly bytes: ArrayBuffer }
  }
  /** Closes the packs of this thread. */
  readonly flush: { readonly input: null; readonly output: PackedOutput }
  /** Compares a whole pack with its name, and blobs in it with their ids. Answers with what is wrong, or null, and gives the memory back. */
  readonly 'check-pack': {
    readonly input: PackContent
    readonly output: { readonly why: string | null; readonly memory: ArrayBuffer }
  }
  /** Writes pieces of blobs into files. */
  readonly write: { readonly input: WriteOrder; readonly output: WriteFailure | null }
  /** Reads files and compares them with the ids of their pieces. Answers with the first that differs, or null. */
  readonly 'check-files': {
    readonly input: { readonly files: readonly FileToCheck[] }
    readonly output: { readonly path: Uint8Array; readonly why: string } | null
  }
}

export type TaskName = keyof Tasks

/** A whole pack as it was read back, and what is to be unpacked of it. */
export interface PackContent {
  readonly id: string
  readonly content: Uint8Array<ArrayBuffer>
  readonly blobs: readonly PackedBlob[]
}

/** A blob within the bytes that are handed over. */
export interface BlobPiece {
  readonly id: string
  readonly type: BlobType
  readonly start: number
  readonly length: number
}

export interface PackedOutput {
  readonly packs: readonly FinishedPack[]
  /** Bytes stored, those in packs that are still open included. */
  readonly added: number
}

/** Blobs as stored, and the files that their content goes into. */
export interface WriteOrder {
  readonly blobs: readonly StoredPiece[]
  readonly files: readonly FileToWrite[]
}

/** A blob as it was read from a pack. */
export interface StoredPiece extends Pick<PackedBlob, 'id' | 'type' | 'codec' | 'length'> {
  readonly pack: string
  /** Of the pack, in an encrypted repository. */
  readonly salt: string | undefined
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface FileToWrite {
  readonly path: Uint8Array
  /** Makes the file, which must not be there yet; else it is there already, and more is written into it. */
  readonly create: boolean
  /** Leaves out blocks of zeros. */
  readonly sparse: boolean
  /** Its length in the end, where that has to be set: a sparse file may end with a hole. */
  readonly size: number | null
  readonly pieces: readonly { readonly blob: number; readonly position: number }[]
  /** What it gets when it is complete; null when it is not yet. */
  readonly dress: Dress | null
}

/** Owner (null: left as it is), rights, and times in seconds. */
export interface Dress {
  readonly owner: { readonly uid: number; readonly gid: number } | null
  readonly mode: number
  readonly time: number | string
}

/** A damaged blob, or an error of the system at a file. */
export type WriteFailure =
  | { readonly type: 'blob'; readonly pack: string; readonly id: string; readonly why: string }
  | { readonly type: 'file'; readonly message: string; readonly code: string | null }

export interface FileToCheck {
  readonly path: Uint8Array
  readonly chunks: readonly { readonly id: string; readonly length: number }[]
}

/** What a thread is started with. */
export interface CrewSetup {
  /** What seals and opens; null: nothing is sealed. */
  readonly key: RepositoryKeyBytes | null
}

export type FromCrew =
  | { readonly type: 'done'; readonly task: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly task: number; readonly message: string; readonly stack: string | undefined }

export interface ToCrew {
  readonly task: number
  readonly name: TaskName
  readonly input: unknown
}
