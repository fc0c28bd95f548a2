import { Button } from '@mantine/core'
import { useState } from 'react'
import type { ServiceProcesses } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import styles from './process-part.module.css'

type Signal = ServiceProcesses['signals'][number]

/** The signals that a service may be sent, each asked about first; those that would end it are not offered. */
export function SignalButtons({ service, signals }: { readonly service: string; readonly signals: readonly Signal[] }) {
  const [asked, setAsked] = useState<Signal | null>(null)
  const { busy, run } = useAction()
  const offered = signals.filter(({ may }) => may)
  const refused = signals.filter(({ may }) => !may).map(({ signal }) => signal)
  const send = async ({ signal }: Signal) => {
    const sent = await run((calls) => calls.services.signal({ service, signal }))
    if (!sent) return
    tellDone(sent.sentence)
    setAsked(null)
  }
  return (
    <div className={styles.signals}>
      <span className="dim">Send</span>
      {offered.map((each) => (
        <Button key={each.signal} size="compact-xs" title={each.sentence} onClick={() => setAsked(each)}>
          {each.signal}…
        </Button>
      ))}
      {refused.length > 0 && <span className="dim">{refused.join(', ')} would end it.</span>}
      {asked && (
        <DecisionDialog
          title={`Send ${asked.signal} to ${service}?`}
          safe="Send nothing"
          act={`Send ${asked.signal}`}
          onAct={() => void send(asked)}
          onClose={() => setAsked(null)}
          busy={busy}
        >
          <p>{asked.sentence}</p>
          <p className="dim">
            Only its own process is sent the signal, not those below it. It is recorded in its history.
          </p>
          <CommandLine command={`wheelhouse signal ${service} ${asked.signal}`} />
        </DecisionDialog>
      )}
    </div>
  )
}
