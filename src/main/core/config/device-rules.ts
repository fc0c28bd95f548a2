import { brokerNames, embeddedBroker } from './broker-names.ts'
import type { DeviceEntry } from './device-schema.ts'
import type { Fault } from './problem-report.ts'
import type { SiteFile } from './site-schema.ts'
import { topicFilterFault } from './topic-filter.ts'

/** What the keys of an entry of `devices` must have to do with each other. Expressions are checked by the messaging part. */
export function deviceFaults(file: SiteFile): readonly Fault[] {
  const brokers = brokerNames(file)
  return Object.entries(file.devices).flatMap(([id, entry]) => [
    ...brokerFaults(id, entry, brokers, embeddedBroker(file)),
    ...sourceFaults(id, entry),
    ...placeholderFaults(id, entry),
    ...limitFaults(id, entry),
  ])
}

/** The broker that it names is one of the site, and the embedded one where it names a client of that. */
function brokerFaults(
  id: string,
  { broker, client }: DeviceEntry,
  brokers: readonly string[],
  embedded: string | null,
): readonly Fault[] {
  if (broker === undefined) return []
  const path = ['devices', id, 'broker']
  if (!brokers.includes(broker)) {
    const message = `Device ${id} names a broker “${broker}”, which this site does not have.`
    const remedy =
      brokers.length === 0 ? 'Add it to `brokers`.' : `Name one of ${brokers.join(', ')}, or add it to \`brokers\`.`
    return [{ code: 'broker-unknown', path, message, remedy }]
  }
  if (client === undefined || broker === embedded) return []
  const message = `Device ${id} has \`client\`, but ${broker} is not the embedded broker, which alone tells of its clients.`
  return [{ code: 'key-not-for-kind', path: ['devices', id, 'client'], at: 'key', message, remedy: 'Remove `client`.' }]
}

function sourceFaults(id: string, { topic, sparkplug, online }: DeviceEntry): readonly Fault[] {
  const path = ['devices', id]
  if ((topic === undefined) === (sparkplug === undefined)) {
    const message = `Device ${id} must have one of \`topic\` and \`sparkplug\`.`
    return [{ code: 'source-unclear', path, message, remedy: 'Write `topic: sensors/{id}/status`, for example.' }]
  }
  const filters = topic === undefined ? [] : typeof topic === 'string' ? [topic] : topic
  const faults = filters.flatMap((filter) => filterFaults(id, filter, [...path, 'topic']))
  if (online) faults.push(...filterFaults(id, online.topic, [...path, 'online', 'topic']))
  if (sparkplug === undefined) return faults
  if (/[/+#]/.test(sparkplug)) {
    const message = `Device ${id}: “${sparkplug}” is not the id of a Sparkplug group.`
    const remedy = 'Write the one level that follows `spBv1.0/`.'
    faults.push({ code: 'topic-filter-bad', path: [...path, 'sparkplug'], message, remedy })
  }
  if (online) {
    const message = `Device ${id} has \`online\`, which is not for \`sparkplug\`: births and deaths say it.`
    faults.push({
      code: 'key-not-for-kind',
      path: [...path, 'online'],
      at: 'key',
      message,
      remedy: 'Remove `online`.',
    })
  }
  return faults
}

function filterFaults(id: string, written: string, path: readonly string[]): Fault[] {
  const levels = written.split('/')
  const fault = topicFilterFault(levels.map((level) => (level === '{id}' ? '+' : level)).join('/'))
  const remedy = 'Use `{id}` or “+” for one whole level and “#” as the last level, such as `sensors/{id}/#`.'
  if (fault) {
    const message = `Device ${id}: the topic filter “${written}” ${fault}.`
    return [{ code: 'topic-filter-bad', path: [...path], message, remedy }]
  }
  if (levels.filter((level) => level.includes('{')).every((level) => level === '{id}')) {
    if (levels.filter((level) => level === '{id}').length <= 1) return []
  }
  const message = `Device ${id}: “${written}” does not have \`{id}\` once, as a level of its own.`
  return [{ code: 'topic-filter-bad', path: [...path], message, remedy }]
}

function placeholderFaults(id: string, { topic, online, client }: DeviceEntry): readonly Fault[] {
  if (topic === undefined) return []
  const written = [
    ...(typeof topic === 'string' ? [topic] : topic),
    ...(online ? [online.topic] : []),
    ...(client === undefined ? [] : [client]),
  ]
  const named = written.filter((text) => text.includes('{id}')).length
  if (named === 0 || named === written.length) return []
  const message = `Device ${id} has \`{id}\` in some of \`topic\`, \`online.topic\` and \`client\`, but not in all of them.`
  const remedy = 'A family has it in each of them; a single device in none.'
  return [{ code: 'placeholder-missing', path: ['devices', id], message, remedy }]
}

function limitFaults(id: string, { figures }: DeviceEntry): readonly Fault[] {
  return Object.entries(figures).flatMap(([name, { below, above }]) => {
    if (below === undefined || above === undefined || below < above) return []
    const message = `Figure ${name} of device ${id} would always warn: \`below\` is not less than \`above\`.`
    const path = ['devices', id, 'figures', name]
    return [{ code: 'limits-crossed', path, message, remedy: 'Write a `below` that is less than `above`.' }]
  })
}
