import { timingSafeEqual } from 'node:crypto'
import type { BrokerDefinition } from '#core/config/index.ts'
import { routerClientPrefix } from '../protocol.ts'
import { type KnownBy, Passwords } from './passwords.ts'
import { Flapping } from './rates.ts'
import { allTopics, fitsPattern, rightsOf, type TopicRights } from './topic-rights.ts'

/** Who the console's own connections are. Made anew by each console, handed from thread to thread, never on disk. */
export interface OwnLogin {
  readonly user: string
  readonly password: string
}

/** Longest client id, and sessions that are kept for clients that come back. */
const longestId = 256
export const mostSessions = 10_000

/** Return codes of CONNACK (MQTT 3.1.1, section 3.2.2.3). */
export type RefusalCode = 2 | 3 | 4 | 5

export type Admitted =
  | { readonly user: string | null; readonly own: boolean; readonly rights: TopicRights }
  | { readonly refused: RefusalCode; readonly why: string }

export interface Caller {
  /** Empty: it gave none, and wants a session all the same. */
  readonly clientId: string
  readonly username: string | null
  readonly password: Buffer
  /** Whether it asks for a session that outlives the connection. */
  readonly session: boolean
}

/** Decides who comes in, as whom, and with which topics. Times are monotonic milliseconds. */
export class Door {
  readonly #settings: BrokerDefinition
  readonly #own: OwnLogin | null
  readonly #passwords: Passwords
  readonly #flapping: Flapping
  /** Whose each client id is: while it is connected, and as long as a session is kept for it. */
  readonly #owners = new Map<string, string | null>()

  /** `passwords` are those of the users that have one, by user. */
  constructor(settings: BrokerDefinition, passwords: Readonly<Record<string, string>>, own: OwnLogin | null) {
    this.#settings = settings
    this.#own = own
    this.#flapping = new Flapping(settings.limits.flapping)
    const known: Record<string, KnownBy> = {}
    for (const [name, { hash }] of Object.entries(settings.users)) {
      const password = passwords[name]
      if (hash !== null) known[name] = { hash }
      else if (password !== undefined) known[name] = { password }
    }
    this.#passwords = new Passwords(known)
  }

  /** `connected` clients are there at present, the console's own not counted. */
  async admit(caller: Caller, connected: number, now: number): Promise<Admitted> {
    const { clientId, username } = caller
    if (this.#isOwn(caller)) return { user: username, own: true, rights: allTopics }
    if (clientId === '') return { refused: 2, why: 'it wants a session to be kept, and has no id to know it by' }
    // What is no UTF-8 has become U+FFFD: all such ids would be one.
    if (clientId.includes('\0') || clientId.includes('\uFFFD')) return { refused: 2, why: 'its id is no text' }
    if (clientId.length > longestId) {
      return { refused: 2, why: `its id has ${clientId.length} characters, more than the ${longestId} that are taken` }
    }
    if (this.#own !== null && clientId.startsWith(routerClientPrefix)) {
      return { refused: 2, why: `client ids that begin with ${routerClientPrefix} are the console’s own` }
    }
    const held = this.#flapping.heldFor(clientId, now)
    if (held > 0) {
      return {
        refused: 3,
        why: `it is held off for ${Math.ceil(held / 1000)} s more, as it lost its connection again and again`,
      }
    }
    if (connected >= this.#settings.limits.clients) {
      return { refused: 3, why: `${connected} clients are connected already, as many as site.yaml allows` }
    }
    const refusal = await this.#refusalOfUser(caller)
    if (refusal) return refusal
    const user = username
    if (this.#owners.has(clientId) && this.#owners.get(clientId) !== user) {
      return { refused: 2, why: 'another user has that client id' }
    }
    if (caller.session && this.#owners.size >= mostSessions && !this.#owners.has(clientId)) {
      return { refused: 3, why: `${mostSessions} clients and sessions are kept already` }
    }
    return { user, own: false, rights: rightsOf(this.#settings, user, clientId) }
  }

  /** A client has come in. */
  came(clientId: string, user: string | null): void {
    this.#owners.set(clientId, user)
  }

  /** A connection ended. True when the client is held off from now on. */
  went(
    clientId: string,
    end: { readonly goodbye: boolean; readonly session: boolean; readonly own: boolean },
    now: number,
  ): boolean {
    if (!end.session) this.#owners.delete(clientId)
    return !end.goodbye && !end.own && this.#flapping.lost(clientId, now)
  }

  #isOwn({ username, password }: Caller): boolean {
    if (this.#own === null || username !== this.#own.user) return false
    const expected = Buffer.from(this.#own.password)
    return password.length === expected.length && timingSafeEqual(password, expected)
  }

  async #refusalOfUser({
    username,
    password,
    clientId,
  }: Caller): Promise<Extract<Admitted, { refused: RefusalCode }> | null> {
    if (username === null) {
      return this.#settings.anonymous
        ? null
        : { refused: 5, why: 'it gave no user, and clients without one are kept out' }
    }
    const user = Object.hasOwn(this.#settings.users, username) ? this.#settings.users[username] : undefined
    // A user that is none counts for nothing where nobody needs one.
    if (user === undefined && this.#settings.anonymous && Object.keys(this.#settings.users).length === 0) return null
    const verdict = await this.#passwords.check(username, password)
    if (verdict === 'busy') return { refused: 3, why: 'too many passwords wait to be checked' }
    if (verdict === 'wrong') return { refused: 4, why: `user or password are wrong (it said it is ${shown(username)})` }
    if (user && user.clients !== null && !fitsPattern(user.clients, clientId)) {
      return { refused: 2, why: `user ${username} may only take client ids like ${user.clients}` }
    }
    return null
  }
}

function shown(name: string): string {
  const clean = name.replaceAll(/\p{Cc}/gu, '�')
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean
}
