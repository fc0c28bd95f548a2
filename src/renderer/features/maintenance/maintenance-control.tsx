import { Button, Popover, TextInput, Tooltip } from '@mantine/core'
import { IconTools } from '@tabler/icons-react'
import { useState } from 'react'
import type { MaintenanceView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, Time } from '../../components/time.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useNow } from '../../state/use-link.ts'
import { useEntity, useSite } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import styles from './maintenance-control.module.css'
import { heldWords, leftWords, lengths, maintenanceCommand } from './maintenance-words.ts'

/** Maintenance in one gesture, from every page: on for a time; while it is on, how much of it is left, and off. */
export function MaintenanceControl() {
  const site = useSite()
  const view = useEntity('maintenance', 'maintenance')
  const [open, setOpen] = useState(false)
  if (!site) return null
  const on = view?.on === true && view.until !== null
  return (
    <span className={styles.control}>
      <Popover opened={open} onChange={setOpen} position="bottom-end" width={400} shadow="md" trapFocus>
        <Popover.Target>
          {on ? (
            <button type="button" className={styles.on} aria-expanded={open} onClick={() => setOpen(!open)}>
              <HealthMark health="maintenance" label="" size={13} />
              <span>
                Maintenance, <Left until={view.until ?? 0} /> left
              </span>
            </button>
          ) : (
            <Tooltip label="Maintenance: nothing is restarted by itself, cards are kept" disabled={open}>
              <button
                type="button"
                className={styles.off}
                aria-label="Maintenance"
                aria-expanded={open}
                onClick={() => setOpen(!open)}
              >
                <IconTools size={16} stroke={1.6} aria-hidden="true" />
              </button>
            </Tooltip>
          )}
        </Popover.Target>
        <Popover.Dropdown aria-label="Maintenance">
          {on ? <Running view={view} onDone={() => setOpen(false)} /> : <Choice onDone={() => setOpen(false)} />}
        </Popover.Dropdown>
      </Popover>
      {on && <Why subject="maintenance" about="maintenance" />}
    </span>
  )
}

function Left({ until }: { readonly until: number }) {
  const now = useNow()
  return <>{leftWords(until - now)}</>
}

function Choice({ onDone }: { readonly onDone: () => void }) {
  const { busy, run } = useAction()
  const [reason, setReason] = useState('')
  const begin = async (forMs: number) => {
    if (await run((calls) => calls.maintenance.on({ forMs, reason }))) onDone()
  }
  return (
    <div className={styles.panel}>
      <p>
        <strong>Maintenance</strong>{' '}
        <span className="dim">
          Nothing is started again or recovered by itself, and cards are kept. It ends by itself and tells what it held
          back.
        </span>
      </p>
      <TextInput
        label="What is being done"
        placeholder="Changing the switch in room 2"
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        data-autofocus
      />
      <Lengths busy={busy} onChosen={(forMs) => void begin(forMs)} lead="On for" />
      <CommandLine command={maintenanceCommand('1h', reason)} />
    </div>
  )
}

function Running({ view, onDone }: { readonly view: MaintenanceView; readonly onDone: () => void }) {
  const { busy, run } = useAction()
  const extend = (forMs: number) => run((calls) => calls.maintenance.on({ forMs, reason: view.reason }))
  const end = async () => {
    if (!(await run((calls) => calls.maintenance.off()))) return
    tellDone('Maintenance is over.')
    onDone()
  }
  return (
    <div className={styles.panel}>
      <p>
        <strong>Maintenance until {view.until !== null && <Time at={view.until} />}</strong>{' '}
        {view.since !== null && (
          <span className="dim">
            on since <Age at={view.since} />
          </span>
        )}
      </p>
      {view.reason !== '' && <p>{view.reason}</p>}
      <p className="dim">{heldWords(view.held)}</p>
      <Lengths busy={busy} onChosen={(forMs) => void extend(forMs)} lead="From now" />
      <Button disabled={busy} onClick={() => void end()} data-autofocus>
        End now
      </Button>
      <CommandLine command="wheelhouse maintenance off" />
    </div>
  )
}

function Lengths({
  lead,
  busy,
  onChosen,
}: {
  readonly lead: string
  readonly busy: boolean
  readonly onChosen: (forMs: number) => void
}) {
  return (
    <fieldset className={styles.lengths}>
      <legend>{lead}</legend>
      {lengths.map(({ label, forMs }) => (
        <Button key={label} disabled={busy} aria-label={`${lead} ${label}`} onClick={() => onChosen(forMs)}>
          {label}
        </Button>
      ))}
    </fieldset>
  )
}
