import { type Ref, useState } from 'react'
import type { Cause, EventRecord } from '#shared/vocabulary.ts'
import { markOf } from '../../components/event-line.tsx'
import { count, counted, duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Time } from '../../components/time.tsx'
import styles from './event-chain.module.css'

/** Deeper than this is not indented further: there would be no room left for the words. */
const deepest = 7
/** So many causes are shown at once; of a longer chain the root and the nearest ones. */
const mostCauses = 9
const mostEffects = 20

/** From the root of it all down to the event, and on to what it caused, each with the time that passed in between. */
export function EventChain({
  event,
  causes,
  effects,
  effectsTotal,
  effectsList,
  onGo,
}: {
  readonly event: EventRecord
  /** The nearest first, the root last. */
  readonly causes: readonly EventRecord[]
  readonly effects: readonly EventRecord[]
  readonly effectsTotal: number
  readonly effectsList: Ref<HTMLOListElement>
  readonly onGo: (event: EventRecord) => void
}) {
  const [whole, setWhole] = useState(false)
  const fromRoot = causes.toReversed()
  const hidden = whole || fromRoot.length <= mostCauses ? 0 : fromRoot.length - mostCauses
  const shown = hidden === 0 ? fromRoot : [...fromRoot.slice(0, 1), ...fromRoot.slice(hidden + 1)]
  const root = fromRoot[0] ?? event
  const own = Math.min(deepest, shown.length + 1)
  const [allEffects, setAllEffects] = useState(false)
  const listed = allEffects ? effects : effects.slice(0, mostEffects)
  return (
    <>
      <ol className={styles.chain} aria-label="Its causes, from the root">
        <li className={styles.root}>{rootWords(root.cause)}</li>
        {shown.map((cause, index) => (
          <li key={cause.id} data-depth={Math.min(deepest, index + 1)}>
            <ChainLine event={cause} after={shown[index - 1]} onGo={onGo} />
            {index === 0 && hidden > 0 && (
              <button type="button" className={styles.more} onClick={() => setWhole(true)}>
                {counted(hidden, 'event')} in between: show
              </button>
            )}
          </li>
        ))}
        <li data-depth={own} className={styles.own} aria-current="true">
          <Passed event={event} after={shown.at(-1)} />
          <HealthMark health={markOf(event)} size={10} label={event.severity} />
          <span>{event.message}</span>
        </li>
      </ol>
      {effects.length === 0 ? (
        <p className={styles.none}>It caused nothing that was recorded.</p>
      ) : (
        <ol className={styles.chain} aria-label="What it caused" ref={effectsList}>
          {listed.map((effect) => (
            <li key={effect.id} data-depth={Math.min(deepest, own + 1)}>
              <ChainLine event={effect} after={event} onGo={onGo} />
            </li>
          ))}
          {listed.length < effects.length && (
            <li data-depth={Math.min(deepest, own + 1)}>
              <button type="button" className={styles.more} onClick={() => setAllEffects(true)}>
                {count(effects.length - listed.length)} more: show
              </button>
            </li>
          )}
          {effectsTotal > effects.length && (
            <li className={styles.none} data-depth={Math.min(deepest, own + 1)}>
              The first {count(effects.length)} of {counted(effectsTotal, 'effect')}.
            </li>
          )}
        </ol>
      )}
    </>
  )
}

function ChainLine({
  event,
  after,
  onGo,
}: {
  readonly event: EventRecord
  readonly after: EventRecord | undefined
  readonly onGo: (event: EventRecord) => void
}) {
  return (
    <button type="button" className={styles.line} title={`${event.kind}, ${event.subject}`} onClick={() => onGo(event)}>
      <Passed event={event} after={after} />
      <HealthMark health={markOf(event)} size={10} label={event.severity} />
      <span>{event.message}</span>
    </button>
  )
}

/** The time of the first of a chain; of the others what passed since the one before. */
function Passed({ event, after }: { readonly event: EventRecord; readonly after: EventRecord | undefined }) {
  if (!after) {
    return (
      <span className={styles.at}>
        <Time at={event.at} />
      </span>
    )
  }
  const ms = event.at - after.at
  return (
    <span className={styles.at} title={ms < 0 ? 'The clock was set back in between.' : undefined}>
      {ms < 0 ? 'clock set back' : `+${duration(ms)}`}
    </span>
  )
}

/** Where a chain of causes begins. */
function rootWords(cause: Cause): string {
  switch (cause.type) {
    case 'operator':
      return `An operator did it, through the ${cause.via}.`
    case 'schedule':
      return `The schedule ${cause.name} was due.`
    case 'console':
      return `The console itself: ${cause.why.replace(/\.$/, '')}.`
    case 'observation':
      return `It was seen: ${cause.what.replace(/\.$/, '')}.`
    case 'event':
      return 'What led to it is no longer recorded.'
  }
}
