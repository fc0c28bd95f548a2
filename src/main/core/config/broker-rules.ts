import { isPasswordHash } from './password-hash.ts'
import type { Fault } from './problem-report.ts'
import { isSecret } from './references.ts'
import type { ServiceEntry } from './service-schema.ts'
import { topicFilterFault } from './topic-filter.ts'
import type { DocumentPath } from './yaml-text.ts'

type Allow = NonNullable<NonNullable<ServiceEntry['broker']>['allow']>

/** What the keys of `broker` must have to do with each other. */
export function brokerFaults(id: string, { broker }: ServiceEntry): readonly Fault[] {
  if (broker === undefined) return []
  const ground = ['services', id, 'broker']
  const faults: Fault[] = [...allowFaults(id, [...ground, 'allow'], broker.allow)]
  for (const [pattern, allow] of Object.entries(broker.clients)) {
    faults.push(...allowFaults(id, [...ground, 'clients', pattern], allow))
  }
  for (const [name, user] of Object.entries(broker.users)) {
    const path = [...ground, 'users', name]
    faults.push(...allowFaults(id, [...path, 'allow'], user.allow))
    if ((user.password === undefined) === (user.hash === undefined)) {
      const found = user.hash === undefined ? 'neither `password` nor `hash`' : 'both `password` and `hash`'
      const message = `User ${name} of the broker ${id} has ${found}.`
      faults.push({ code: 'value-missing', path, message, remedy: 'Give it one of the two.' })
    }
    if (user.password !== undefined && !isSecret(user.password)) {
      const message = `The password of user ${name} of the broker ${id} stands in site.yaml, where it does not belong.`
      const remedy = 'Write `password: "${secrets.NAME}"` and put the value into the secrets file, or give its `hash`.'
      faults.push({ code: 'secret-in-file', path: [...path, 'password'], message, remedy })
    }
    if (user.hash !== undefined && !isPasswordHash(user.hash)) {
      const message = `The hash of user ${name} of the broker ${id} is of no form that the console knows.`
      const remedy =
        'Make it with `mosquitto_passwd -c FILE USER` and copy what follows the first colon; docs/brokers.md says more.'
      faults.push({ code: 'hash-bad', path: [...path, 'hash'], message, remedy })
    }
  }
  if (broker.anonymous === false && Object.keys(broker.users).length === 0) {
    const message = `Nobody could connect to the broker ${id}: it has no users, and clients without one are kept out.`
    faults.push({
      code: 'value-missing',
      path: [...ground, 'users'],
      message,
      remedy: 'Add `users`, or remove `anonymous`.',
    })
  }
  return faults
}

function allowFaults(id: string, ground: DocumentPath, allow: Allow | undefined): readonly Fault[] {
  return (['publish', 'subscribe'] as const).flatMap((key) =>
    (allow?.[key] ?? []).flatMap((filter, index) => {
      const fault = topicFilterFault(filter.replaceAll(/%[uc]/g, 'x'))
      if (fault === undefined) return []
      const message = `The broker ${id}: the topic filter “${filter}” ${fault}.`
      const remedy = 'Use “+” for one whole level and “#” as the last level, such as `desk/%c/#`.'
      return [{ code: 'topic-filter-bad', path: [...ground, key, index], message, remedy }]
    }),
  )
}
