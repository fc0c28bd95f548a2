import type { RouteFunction } from '#core/config/index.ts'

/** What goes to the process of a function: heads of frames. */
export type ToFunction =
  /** The first one: what to load. `version`: files as they were when it was last loaded, in place of those on the disk; their texts are the body. */
  | { readonly type: 'load'; readonly order: FunctionOrder; readonly version: readonly RememberedFile[] }
  /** Messages, in their order; their payloads are the body. */
  | { readonly type: 'calls'; readonly calls: readonly CallHead[] }
  /** Further files whose change matters. */
  | { readonly type: 'watch'; readonly files: readonly string[] }

/** What the process of a function says: heads of frames. */
export type FromFunction =
  /** It can be called. `version`: the files that it consists of, their texts the body; null when they are too many to be remembered. */
  | { readonly type: 'ready'; readonly version: readonly RememberedFile[] | null }
  /** It cannot be loaded: why, the end of a sentence; and the files that have to do with it. */
  | { readonly type: 'broken'; readonly reason: string; readonly files: readonly string[] }
  /** What became of the next calls, in their order; the payloads are the body. `ms`: how long they took together. */
  | { readonly type: 'answers'; readonly answers: readonly AnswerHead[]; readonly ms: number }
  /** A file of it is not what it was. */
  | { readonly type: 'changed' }
  /** What it wrote to its console; `more` lines are left out. */
  | { readonly type: 'says'; readonly lines: readonly string[]; readonly more: number }

export interface FunctionOrder {
  readonly route: string
  readonly function: RouteFunction
  /** Folder in which the file lies, absolute and without links. */
  readonly release: string
}

/** A file of a function as it was loaded. */
export interface RememberedFile {
  readonly url: string
  readonly format: string
  /** Size, time and inode, by which a change is told. */
  readonly stamp: string
  /** Of its text, bytes. */
  readonly length: number
}

/** One message: topic, wall-clock milliseconds, retained, QoS, properties, the length of its payload in bytes, and the client that published it. */
export type CallHead = readonly [
  topic: string,
  at: number,
  retained: boolean,
  qos: number,
  properties: CallProperties | null,
  length: number,
  client: string,
]

/** What a message of MQTT 5 brings, as JSON can say it. */
export interface CallProperties {
  readonly user: Readonly<Record<string, string>>
  readonly hops: number
  readonly contentType?: string
  readonly responseTopic?: string
  /** Base64. */
  readonly correlation?: string
  readonly id?: string
  readonly expires?: string
}

/** JSON, text or bytes of that length; nothing, so that the message is filtered; or why it failed. */
export type AnswerHead =
  | readonly [kind: 'json' | 'text' | 'bytes', length: number]
  | readonly [kind: 'filtered']
  | readonly [kind: 'failed', reason: string]

/** Bounds of one function, and of what it is given and gives. */
export const functionBounds = {
  /** Of V8's heap, and of the process as a whole. Megabytes. */
  heapMb: 128,
  memoryMb: 384,
  /** Largest payload that is given, and largest that is taken, in bytes. */
  payload: 4 * 1024 * 1024,
  /** Messages and bytes that are with the process at a time. */
  under: { calls: 512, bytes: 1024 * 1024 },
  /** Messages and bytes of one route that are in its function or wait for it. */
  inside: { calls: 10_000, bytes: 16 * 1024 * 1024 },
  /** Bytes of its files that are remembered. */
  remembered: 4 * 1024 * 1024,
  /** How long it may take to be loaded. Milliseconds. */
  loadMs: 10_000,
} as const

/** Largest frame: as many answers as may be under way, cut when they grow beyond a payload or two. */
export const largestFrame = 2 * functionBounds.payload + 8 * 1024 * 1024
