import { brokerNames } from './broker-names.ts'
import type { Fault } from './problem-report.ts'
import { functionFaults, functionNumberFaults } from './route-function-rules.ts'
import type { SiteFile } from './site-schema.ts'
import { topicFault, topicFilterFault } from './topic-filter.ts'
import { webhookFaults } from './webhook-rules.ts'

type Route = SiteFile['routes'][string]

/** The form of filters, regular expressions and targets. Expressions are checked by the messaging part. */
export function routeFaults(file: SiteFile): readonly Fault[] {
  const tables = Object.entries(file.tables).flatMap(([id, { file }]) => tableFaults(id, file))
  const brokers = brokerNames(file)
  const routes = Object.entries(file.routes).flatMap(([id, route]) => [
    ...sourceFaults(id, topicOf(route.from)),
    ...brokerNameFaults(id, route, brokers),
    ...route.to.flatMap((target, index) => targetFaults(id, index, target, file)),
    ...tagFaults(id, route),
    ...enrichFaults(id, route),
    ...doubleTargetFaults(id, route),
    ...functionFaults(id, route),
  ])
  return [...tables, ...routes, ...functionNumberFaults(file.routes)]
}

function topicOf(from: Route['from']): string {
  return typeof from === 'string' ? from : from.topic
}

/** Brokers that a route names are brokers of the site. */
function brokerNameFaults(id: string, { from, to }: Route, brokers: readonly string[]): readonly Fault[] {
  const named = [
    ...(typeof from === 'string' ? [] : [{ name: from.broker, path: ['from', 'broker'] }]),
    ...to.flatMap(({ broker }, index) =>
      broker === undefined ? [] : [{ name: broker, path: ['to', index, 'broker'] }],
    ),
  ]
  return named
    .filter(({ name }) => !brokers.includes(name))
    .map(({ name, path }) => ({
      code: 'broker-unknown',
      path: ['routes', id, ...path],
      message: `Route ${id} names a broker “${name}”, which this site does not have.`,
      remedy:
        brokers.length === 0 ? 'Add it to `brokers`.' : `Name one of ${brokers.join(', ')}, or add it to \`brokers\`.`,
    }))
}

function sourceFaults(id: string, from: string): readonly Fault[] {
  const path = ['routes', id, 'from']
  // A filter may start with an empty level and even end with one; `/…/` is taken as an expression, as the docs say.
  if (from.length > 2 && from.startsWith('/') && from.endsWith('/')) {
    try {
      new RegExp(from.slice(1, -1), 'u')
      return []
    } catch {
      const message = `Route ${id}: ${from} is not a regular expression that can be read.`
      return [
        { code: 'expression-bad', path, message, remedy: 'Check brackets and backslashes, or use a topic filter.' },
      ]
    }
  }
  const fault = topicFilterFault(from)
  if (fault === undefined) return []
  const remedy = 'Use “+” for one whole level and “#” as the last level, such as `lab/+/status` or `lab/#`.'
  return [{ code: 'topic-filter-bad', path, message: `Route ${id}: the topic filter “${from}” ${fault}.`, remedy }]
}

/** A table lies below the site's folder and is of a kind that can be read. */
function tableFaults(id: string, file: string): readonly Fault[] {
  const path = ['tables', id, 'file']
  const steps = file.split(/[\\/]/)
  if (file.startsWith('/') || /^[a-z]:/i.test(file) || steps.includes('..')) {
    const message = `Table ${id}: “${file}” does not lie below the site folder.`
    return [
      { code: 'path-outside', path, message, remedy: 'Put the file into the site folder, such as `data/desks.csv`.' },
    ]
  }
  if (/\.(?:csv|json)$/.test(file)) return []
  const message = `Table ${id}: “${file}” ends neither in .csv nor in .json.`
  return [{ code: 'table-kind-unknown', path, message, remedy: 'Save the table as CSV or JSON.' }]
}

function enrichFaults(id: string, { enrich }: Route): readonly Fault[] {
  return Object.keys(enrich ?? {})
    .filter((field) => !/^[A-Za-z][\w-]*$/.test(field))
    .map((field) => ({
      code: 'field-name-bad',
      path: ['routes', id, 'enrich', field],
      at: 'key',
      message: `Route ${id} cannot add a field “${field}”.`,
      remedy: 'Name it with letters, digits, `_` and `-`, a letter first.',
    }))
}

/** What waits in the outbox is known by its route and its address. */
function doubleTargetFaults(id: string, { to }: Route): readonly Fault[] {
  return to.flatMap(({ webhook, mqtt, qos, broker }, index) => {
    const kind = webhook !== undefined ? 'webhook' : mqtt !== undefined && qos === 1 ? 'mqtt' : null
    const isSame = (other: Route['to'][number]) =>
      kind === 'webhook' ? other.webhook === webhook : other.mqtt === mqtt && other.qos === 1 && other.broker === broker
    if (kind === null || to.findIndex(isSame) === index) return []
    const message =
      kind === 'webhook'
        ? `Route ${id} has the same webhook twice.`
        : `Route ${id} has “${mqtt}” with \`qos: 1\` twice.`
    const remedy =
      kind === 'webhook'
        ? 'Remove one, or write a second route for it.'
        : 'Remove one, give one of them a list of both `tag`s, or write a second route for it.'
    return [{ code: 'target-doubled', path: ['routes', id, 'to', index, kind], message, remedy }]
  })
}

/** A key, and which messages of it wait, count where messages wait: in the outbox. */
function orderFaults(id: string, index: number, target: Route['to'][number]): readonly Fault[] {
  if (target.webhook !== undefined || (target.mqtt !== undefined && target.qos === 1)) return []
  return (['key', 'keep'] as const)
    .filter((key) => target[key] !== undefined)
    .map((key) => ({
      code: 'key-not-for-kind',
      path: ['routes', id, 'to', index, key],
      at: 'key',
      message: `Target ${index + 1} of route ${id} has \`${key}\`, which is only for targets that messages wait for: \`mqtt\` with \`qos: 1\`, and \`webhook\`.`,
      remedy:
        target.mqtt === undefined
          ? `Remove \`${key}\`.`
          : `Write \`qos: 1\` beside it, or remove \`${key}\`; how often messages go on is said by \`limit\`.`,
    }))
}

/** Tags that targets choose by need an expression that gives them, and the other way round. */
function tagFaults(id: string, { tag, to }: Route): readonly Fault[] {
  const chosen = to.flatMap((target, index) => (target.tag === undefined ? [] : [index]))
  if (tag !== undefined && chosen.length === 0) {
    const message = `Route ${id} gives tags, but none of its targets chooses by them.`
    const remedy = 'Give a target a `tag`, or remove the `tag` of the route.'
    return [{ code: 'tag-unused', path: ['routes', id, 'tag'], at: 'key', message, remedy }]
  }
  if (tag !== undefined) return []
  return chosen.map((index) => ({
    code: 'tag-missing',
    path: ['routes', id, 'to', index, 'tag'],
    at: 'key',
    message: `Target ${index + 1} of route ${id} chooses by tag, but the route gives no tags.`,
    remedy: 'Give the route a `tag`, such as `tag: payload.kind`.',
  }))
}

function targetFaults(id: string, index: number, target: Route['to'][number], file: SiteFile): readonly Fault[] {
  const path = ['routes', id, 'to', index]
  if (target.workflow !== undefined) {
    const message = `Target ${index + 1} of route ${id} starts a workflow, but this version of the console has no workflows.`
    const remedy =
      'Remove the target, or call what should happen with `webhook`; the messages can be kept meanwhile with `journal`.'
    return [{ code: 'workflow-not-yet', path: [...path, 'workflow'], at: 'key', message, remedy }]
  }
  const given = (['mqtt', 'channel', 'journal', 'webhook'] as const).filter((kind) => target[kind] !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none of them' : given.map((kind) => `\`${kind}\``).join(' and ')
    const message = `Target ${index + 1} of route ${id} must have one of \`mqtt\`, \`channel\`, \`journal\`, \`webhook\`, but has ${found}.`
    return [{ code: 'target-unclear', path, message, remedy: 'Write one entry of the list for each target.' }]
  }
  const faults = [...webhookFaults(path, target, file), ...orderFaults(id, index, target)]
  if (faults.length > 0) return faults
  if (target.mqtt === undefined) {
    const misplaced = (['qos', 'retain', 'broker'] as const).filter((key) => target[key] !== undefined)
    return misplaced.map((key) => ({
      code: 'key-not-for-kind',
      path: [...path, key],
      at: 'key',
      message: `Target ${index + 1} of route ${id} has \`${key}\`, which is only for \`mqtt\`.`,
      remedy: `Remove \`${key}\`.`,
    }))
  }
  // A `#` at the end stands for the topic that a message came on.
  const fault = topicFault(target.mqtt.replace(/(^|\/)#$/, '$1x'))
  if (fault === undefined) return []
  const message = `Route ${id}: the topic “${target.mqtt}” ${fault}.`
  return [{ code: 'topic-bad', path: [...path, 'mqtt'], message, remedy: 'Write the one topic to publish to.' }]
}
