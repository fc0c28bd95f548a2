import { type BrokerEntry, brokerSchema } from './broker-schema.ts'
import type { Rate } from './rate.ts'

/** Topics that a client may use: filters in which `%u` is the user and `%c` the client id. */
export interface TopicPermissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

export interface BrokerUser {
  /** A reference to a secret; null when the hash is given. */
  readonly password: string | null
  readonly hash: string | null
  /** Client ids that it may take, `*` for any characters; null: any. */
  readonly clients: string | null
  readonly allow: TopicPermissions | null
}

export interface BrokerLimits {
  /** Bytes. */
  readonly packet: number
  readonly clients: number
  readonly connects: Rate
  readonly messages: Rate | null
  readonly flapping: { readonly losses: number; readonly withinMs: number; readonly holdMs: number }
}

/** Who may use the embedded broker, for what, and how much. */
export interface BrokerDefinition {
  readonly anonymous: boolean
  readonly users: Readonly<Record<string, BrokerUser>>
  /** By client id, the first that fits. */
  readonly clients: readonly { readonly pattern: string; readonly allow: TopicPermissions }[]
  /** Of everybody else; null: all topics. */
  readonly allow: TopicPermissions | null
  readonly limits: BrokerLimits
}

/** The settings of a broker whose service says nothing of them. */
export function brokerSettings(): BrokerDefinition {
  return toBroker(brokerSchema.parse({}))
}

/** A broker's settings with what site.yaml leaves out filled in. */
export function toBroker(entry: BrokerEntry): BrokerDefinition {
  const { users, clients, allow, limits } = entry
  const { losses, within, hold } = limits.flapping
  return {
    anonymous: entry.anonymous ?? Object.keys(users).length === 0,
    users: Object.fromEntries(
      Object.entries(users).map(([name, user]) => [
        name,
        {
          password: user.password ?? null,
          hash: user.hash ?? null,
          clients: user.clients ?? null,
          allow: user.allow ?? null,
        },
      ]),
    ),
    clients: Object.entries(clients).map(([pattern, topics]) => ({ pattern, allow: topics })),
    allow: allow ?? null,
    limits: {
      packet: limits.packet,
      clients: limits.clients,
      connects: limits.connects,
      messages: limits.messages ?? null,
      flapping: { losses, withinMs: within, holdMs: hold },
    },
  }
}
