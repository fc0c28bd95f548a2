import type { RouteDefinition, RouteFunction } from '#core/config/index.ts'
import type { PassportRoute, RouteOutcome, StoredMessage } from '#shared/contract/index.ts'
import { batchInWords } from '../batch-stage.ts'
import { compileEnrich, type Enriched } from '../enrich-stage.ts'
import { Expressions, isMissingKey, reasonOf } from '../expressions.ts'
import { functionInWords } from '../function/function-words.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { limitInWords } from '../limit-stage.ts'
import { LookupTables } from '../lookup/lookup-tables.ts'
import { compileSchema } from '../payload-schema.ts'
import { payloadOf } from '../payload-text.ts'
import type { RouteFunctions } from '../route-chain.ts'
import { sourceOf } from '../route-source.ts'
import { compileTags } from '../tag-stage.ts'
import { targetTopic } from '../target-topic.ts'
import { hears, holdStored, RehearsedRoute } from './rehearsed-route.ts'

type Stage = PassportRoute['stages'][number]

/** What a stage gave is shown up to this length, in characters. */
const longestSaid = 4_000

/**
 * What the routes do with one message, stage by stage, those that it matches only. Nothing is delivered. A limit and
 * a batch are named, not applied: what they did depends on the messages around it.
 */
export async function passportOf(
  routes: readonly RouteDefinition[],
  stored: StoredMessage,
  tables: LookupTables = new LookupTables(),
  brokers: readonly string[] = [],
  functions?: RouteFunctions,
): Promise<readonly PassportRoute[]> {
  const sources = routes.map((route) => ({ route, source: sourceOf(route.from) }))
  const passports = sources.map(async ({ route, source }) => {
    if ('mistake' in source || !hears(route, stored, brokers) || !source.matches(stored.topic)) return []
    using rehearsed = new RehearsedRoute(
      { ...route, on: true, limit: null, batch: null },
      stored.at,
      tables,
      brokers,
      functions,
    )
    await rehearsed.take(stored)
    const [outcome] = await rehearsed.outcomes()
    if (outcome === undefined) return []
    const published = outcome.outputs.length === 0 ? [] : route.to.flatMap((to) => (to.kind === 'mqtt' ? [to] : []))
    const onward = published.flatMap(({ topic: address, broker = brokers[0] }) => {
      const topic = targetTopic(address, stored.topic)
      return sources.flatMap((reader) =>
        !('mistake' in reader.source) && (reader.route.broker ?? brokers[0]) === broker && reader.source.matches(topic)
          ? [{ topic, route: reader.route.id }]
          : [],
      )
    })
    const { id, title, from, on } = route
    const stages = stagesOf(route, stored, outcome, new Expressions(tables))
    return [{ route: id, title, from, on, stages, outcome, onward }]
  })
  return (await Promise.all(passports)).flat()
}

/** The stages that the message comes to, the one at which it ends included. */
function stagesOf(
  route: RouteDefinition,
  stored: StoredMessage,
  outcome: RouteOutcome,
  expressions: Expressions,
): Stage[] {
  const message = new IncomingMessage()
  holdStored(message, stored)
  const stages: Stage[] = []
  const map = isFunction(route.map) ? () => functionStage(route, outcome) : mapStage
  for (const look of [whereStage, validateStage, limitStage, tagStage, enrichStage, map, batchStage]) {
    const stage = look(route, message, expressions)
    if (stage === null) continue
    stages.push(stage)
    if (stage.result === 'filtered' || stage.result === 'quarantined') break
  }
  return stages
}

function whereStage({ where }: RouteDefinition, message: IncomingMessage, expressions: Expressions): Stage | null {
  if (where === null) return null
  const compiled = expressions.condition(where)
  const stage = { stage: 'where', rule: where } as const
  if ('mistake' in compiled) return { ...stage, result: 'quarantined', said: compiled.mistake.message }
  const { expression } = compiled
  if (expression.needsPayload && message.undecodable !== null)
    return { ...stage, result: 'quarantined', said: message.undecodable }
  try {
    const gave = expression.run(message)
    if (gave !== true && gave !== false) return { ...stage, result: 'quarantined', said: 'neither true nor false' }
    return { ...stage, result: gave ? 'passed' : 'filtered', said: String(gave) }
  } catch (error) {
    return { ...stage, result: isMissingKey(error) ? 'filtered' : 'quarantined', said: reasonOf(error) }
  }
}

function validateStage({ validate }: RouteDefinition, message: IncomingMessage): Stage | null {
  if (validate === null) return null
  const stage = { stage: 'validate', rule: JSON.stringify(validate) } as const
  const compiled = compileSchema(validate)
  if ('mistake' in compiled) return { ...stage, result: 'quarantined', said: compiled.mistake.message }
  if (message.undecodable !== null) return { ...stage, result: 'quarantined', said: message.undecodable }
  try {
    const misfit = compiled.schema.misfit(message.payload)
    return { ...stage, result: misfit === null ? 'passed' : 'quarantined', said: misfit }
  } catch (error) {
    return { ...stage, result: 'quarantined', said: reasonOf(error) }
  }
}

function limitStage({ limit }: RouteDefinition): Stage | null {
  return limit === null
    ? null
    : { stage: 'limit', rule: `at most ${limitInWords(limit)}`, result: 'counted when it came', said: null }
}

function batchStage({ batch }: RouteDefinition): Stage | null {
  return batch === null
    ? null
    : { stage: 'batch', rule: `gathered ${batchInWords(batch)}`, result: 'counted when it came', said: null }
}

function enrichStage({ enrich }: RouteDefinition, message: IncomingMessage, expressions: Expressions): Stage | null {
  if (enrich === null) return null
  const stage = { stage: 'enrich', rule: JSON.stringify(enrich) } as const
  if (message.undecodable !== null) return { ...stage, result: 'quarantined', said: message.undecodable }
  try {
    const payload = enrichedOf(enrich, message, expressions).payload()
    return { ...stage, result: 'passed', said: String(payload).slice(0, longestSaid) }
  } catch (error) {
    return { ...stage, result: 'quarantined', said: reasonOf(error) }
  }
}

function enrichedOf(
  fields: Readonly<Record<string, string>>,
  message: IncomingMessage,
  expressions: Expressions,
): Enriched {
  const compiled = compileEnrich(fields, expressions)
  if ('mistake' in compiled) throw new Error(compiled.mistake.message)
  return compiled.stage.enrich(message)
}

function tagStage({ tag, to }: RouteDefinition, message: IncomingMessage, expressions: Expressions): Stage | null {
  if (tag === null) return null
  const stage = { stage: 'tag', rule: tag.expression } as const
  const compiled = compileTags(tag, expressions)
  if ('mistake' in compiled) return { ...stage, result: 'quarantined', said: compiled.mistake.message }
  if (compiled.stage.needsPayload && message.undecodable !== null)
    return { ...stage, result: 'quarantined', said: message.undecodable }
  try {
    const wanted = compiled.stage.targetsOf(message)
    const takers = to.flatMap(({ kind }, index) => (wanted[index] ? [`${index + 1} (${kind})`] : []))
    return takers.length === 0
      ? { ...stage, result: 'filtered', said: 'for none of the targets' }
      : { ...stage, result: 'passed', said: `for target ${takers.join(', ')}` }
  } catch (error) {
    return { ...stage, result: 'quarantined', said: reasonOf(error) }
  }
}

function mapStage({ map, enrich }: RouteDefinition, message: IncomingMessage, expressions: Expressions): Stage | null {
  if (typeof map !== 'string') return null
  const stage = { stage: 'map', rule: map } as const
  const compiled = expressions.mapping(map)
  if ('mistake' in compiled) return { ...stage, result: 'quarantined', said: compiled.mistake.message }
  if (compiled.expression.needsPayload && message.undecodable !== null)
    return { ...stage, result: 'quarantined', said: message.undecodable }
  try {
    const payload = payloadOf(
      compiled.expression.run(enrich === null ? message : enrichedOf(enrich, message, expressions).context),
    )
    const said = typeof payload === 'string' ? payload : `${payload.length} bytes`
    return { ...stage, result: 'passed', said: said.slice(0, longestSaid) }
  } catch (error) {
    return { ...stage, result: 'quarantined', said: reasonOf(error) }
  }
}

/** What the function did is known from the message's way through the route: it is not called twice. */
function functionStage({ map }: RouteDefinition, { result, reason, outputs }: RouteOutcome): Stage | null {
  if (!isFunction(map)) return null
  const stage = { stage: 'map', rule: functionInWords(map) } as const
  if (result === 'quarantined') return { ...stage, result, said: reason }
  if (result === 'filtered') return { ...stage, result, said: 'it gave nothing' }
  return { ...stage, result: 'passed', said: outputs[0]?.payload.slice(0, longestSaid) ?? null }
}

function isFunction(map: RouteDefinition['map']): map is RouteFunction {
  return map !== null && typeof map !== 'string'
}
