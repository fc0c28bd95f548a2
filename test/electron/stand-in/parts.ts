import type { EventEmitter } from 'node:events'
import type { Addresses } from './addresses.ts'
import type { Chromium } from './chromium.ts'
import type { Session } from './session.ts'

/** What the parts of one stand-in share. Electron is a module of singletons; here they are made once, in `electron.ts`. */
export interface Parts {
  /** Throws before the app is ready. */
  chromium(): Chromium
  readonly addresses: Addresses
  readonly session: Session
  readonly app: EventEmitter
  readonly ipcMain: EventEmitter
  nextId(): number
}
