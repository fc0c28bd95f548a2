import { tookTime } from '#core/platform/index.ts'
import type { Evidence } from '#shared/contract/diagnostics.ts'
import type { Fix, StoreView } from '#shared/contract/state.ts'
import { sizeInWords } from '#shared/size-words.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { counted, inside, sentenceClock, stopped } from './words.ts'

type StoreDatabase = StoreView['databases'][number]

/** Why the console's own store is as it is. */
export function whyStore(facts: WhyFacts): Finding {
  const { store } = facts.shown.store
  const clock = sentenceClock(facts.zone, facts.now)
  const cards = cardsOf(facts, ({ subject }) => subject === 'store' || subject.startsWith('store:'))
  const finding = (
    health: Health,
    sentence: string,
    evidence: readonly Evidence[],
    fixes: readonly Fix[] = [],
  ): Finding => ({
    subject: 'store',
    title: "The console's own store",
    health,
    sentence,
    root: 'store',
    evidence: [
      ...evidence,
      ...cards.map(cardEvidence),
      ...cards.flatMap(({ event }) => eventsEvidence(chainOf(facts, event).slice(1))),
    ],
    fixes: distinctFixes([...cards.flatMap((card) => card.fixes), ...fixes]),
  })
  if (!store) return finding('unknown', 'Nothing is known of the store because no site is open.', [])
  const sick = store.databases.find(({ state }) => state !== 'open')
  const states = store.databases.map((database) => stateEvidence('store', databaseWords(database), { at: store.since }))
  if (store.state !== 'open') {
    const what = sick ? `the ${sick.name} database of the console` : 'the console’s own store'
    const note = sick?.note ?? store.note
    const reason = note ? `: ${inside(note)}` : ''
    const own = stateEvidence('store', `The store is ${store.state}${reason}.`, { at: store.since })
    const sentence = `${stateSentences[store.state](what)} since ${clock.at(store.since)}${reason}.`
    return finding(
      store.state === 'recovering' ? 'degraded' : 'unhealthy',
      sentence,
      [own, ...states],
      sick ? fixesOf(sick) : [],
    )
  }
  const damaged = store.databases.find(({ lastCheck }) => lastCheck && !lastCheck.ok)
  if (damaged?.lastCheck) {
    const { at, kind, note } = damaged.lastCheck
    return finding(
      'unhealthy',
      `The ${damaged.name} database of the console is damaged: the ${kind} check of ${clock.at(at)} says that ${inside(note)}.`,
      states,
      [{ label: `Recover the ${damaged.name} database…`, action: { type: 'recover-store', database: damaged.name } }],
    )
  }
  if (store.queueDepth >= store.queueBound) {
    return finding(
      'degraded',
      `The store cannot keep up: all ${store.queueBound} places of its queue are taken, and ${counted(store.refused, 'write was', 'writes were')} refused.`,
      states,
    )
  }
  const [card] = cards.filter(({ dismissed }) => !dismissed)
  if (card)
    return finding(
      'degraded',
      `The store works, but this happened ${clock.when(card.since)}: ${card.title}: ${inside(card.why)}.`,
      states,
    )
  return finding(
    'healthy',
    `Nothing is wrong with the store: it is open since ${clock.at(store.since)}, half of its commits take at most ${ms(store.commitP50)} and 99 of 100 at most ${ms(store.commitP99)}, and ${counted(store.queueDepth, 'write')} ${store.queueDepth === 1 ? 'waits' : 'wait'}.`,
    states.length > 0 ? states : [stateEvidence('store', `${sizeInWords(store.bytes)} in all.`, { at: store.since })],
  )
}

const stateSentences: Readonly<Record<Exclude<StoreView['state'], 'open'>, (what: string) => string>> = {
  'read-only': (what) => `${capital(what)} takes no writes`,
  recovering: (what) => `${capital(what)} is being recovered`,
  'stand-in': (what) => `A new file stands in for ${what}`,
  failed: (what) => `${capital(what)} has failed`,
}

function databaseWords({ name, state, note, bytes: size, walBytes, lastCheck }: StoreDatabase): string {
  const check = lastCheck ? ` Last ${lastCheck.kind} check: ${lastCheck.ok ? 'good' : stopped(lastCheck.note)}` : ''
  return `The ${name} database is ${state} and takes ${sizeInWords(size + walBytes)}.${note ? ` ${stopped(note)}` : ''}${check}`
}

function fixesOf({ name, state }: StoreDatabase): readonly Fix[] {
  if (state === 'read-only')
    return [{ label: `Check the ${name} database`, action: { type: 'check-store', database: name } }]
  if (state === 'recovering') return []
  return [
    { label: `Recover the ${name} database…`, action: { type: 'recover-store', database: name } },
    goTo('See the store', '/diagnose'),
  ]
}

/** Of commits the tenths of a millisecond tell something. */
function ms(value: number): string {
  return value < 10 ? `${Math.round(value * 10) / 10} ms` : tookTime(value)
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
