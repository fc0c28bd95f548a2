import { Button } from '@mantine/core'
import { useMemo } from 'react'
import type { AttentionView } from '#shared/contract/index.ts'
import { severities } from '#shared/vocabulary.ts'
import { HealthMark, healthOfSeverity } from '../../components/health-mark.tsx'
import { Panel } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Age } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useSlice } from '../../state/use-shown.ts'
import { useFix } from '../actions/use-fix.ts'
import { Why } from '../why/why.tsx'
import styles from './needs-attention.module.css'

/** What a person should know of, the gravest first, each with its fixes. */
export function NeedsAttention() {
  const slice = useSlice('attention')
  const cards = useMemo(
    () =>
      Object.values(slice)
        .filter((card) => !card.dismissed && card.shelved !== true)
        .sort((a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || b.since - a.since),
    [slice],
  )
  const all = Object.values(slice)
  const shelved = all.filter((card) => card.shelved === true && !card.dismissed).length
  const dismissed = all.length - cards.length - shelved
  const apart = [dismissed > 0 && `${dismissed} dismissed`, shelved > 0 && `${shelved} kept until maintenance is over`]
  return (
    <Panel
      title="Needs attention"
      flush
      aside={apart.some(Boolean) ? <span>{apart.filter(Boolean).join(' · ')}</span> : undefined}
      content={
        cards.length === 0
          ? { state: 'empty', sentence: 'Nothing needs you. What does appears here, with what to press.' }
          : { state: 'ready' }
      }
    >
      <ul className={styles.cards} aria-label="Needs attention">
        {cards.map((card) => (
          <Card key={card.id} card={card} />
        ))}
      </ul>
    </Panel>
  )
}

function Card({ card }: { readonly card: AttentionView }) {
  const fix = useFix()
  const { busy, run } = useAction()
  return (
    <li className={styles.card}>
      <HealthMark health={healthOfSeverity(card.severity)} label={card.severity} />
      <div>
        <p className={styles.title}>
          {card.title}
          <Why subject={`card:${card.id}`} about={card.title} />
          <span className={styles.since}>
            <Age at={card.since} />
          </span>
        </p>
        <p className={styles.why} title={card.why}>
          <Sentence text={card.why} />
        </p>
        <div className={styles.fixes}>
          {card.fixes.map((offered) => (
            <Button key={offered.label} size="compact-sm" title={offered.label} onClick={() => fix(offered)}>
              {offered.label}
            </Button>
          ))}
          {card.dismissible && (
            <Button
              size="compact-sm"
              disabled={busy}
              aria-label={`Dismiss: ${card.title}`}
              onClick={() => void run((calls) => calls.attention.dismiss({ id: card.id }))}
            >
              Dismiss
            </Button>
          )}
        </div>
      </div>
    </li>
  )
}
