import type { BrokerDefinition } from './broker-definition.ts'
import { replaceReferences } from './references.ts'
import type { Secrets } from './secrets.ts'

/** The passwords of a broker's users that are not known by a hash. Throws `secret-missing` or `secrets-unusable`. */
export function brokerPasswords({ users }: BrokerDefinition, secrets: Secrets): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(users).flatMap(([name, { password }]) =>
      password === null ? [] : [[name, passwordOf(password, secrets)] as const],
    ),
  )
}

/** The password that a reference to a secret stands for. Throws as above. */
export function passwordOf(text: string, secrets: Secrets): string {
  return replaceReferences(text, ({ target }) => (target.to === 'secret' ? secrets(target.secret) : ''))
}
