import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { DeviceView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { count } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Sparkline } from '../../components/sparkline.tsx'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { Why } from '../why/why.tsx'
import { healthOf, stateWords, valueWords } from './device-rows.ts'
import styles from './devices.module.css'

/** One described device in full: its state and why, its figures with what they were, where it is heard. */
export function DeviceDrawer({
  device,
  onClose,
  onWatch,
  onForgotten,
}: {
  readonly device: DeviceView
  readonly onClose: () => void
  readonly onWatch: (filter: string) => void
  readonly onForgotten: () => void
}) {
  const { link } = usePage()
  const { key, title, state, since, lastAt, reason, topic, client, figures } = device
  const past = useQuery({
    queryKey: ['device', key],
    queryFn: () => link.calls.devices.one({ key }),
    refetchInterval: 5_000,
  })
  return (
    <Drawer title={title} label="Device" onClose={onClose}>
      <p>
        <HealthMark health={healthOf(device)} label="" /> {stateWords[state]} since <Time at={since} />.{' '}
        <span className="dim">{reason}</span> <Why subject={`device:${key}`} about={title} />
      </p>
      <Facts
        facts={[
          ['id', <code key="id">{key}</code>],
          ...(device.broker === null ? [] : [['broker', device.broker] satisfies [string, React.ReactNode]]),
          ['last heard', lastAt === null ? 'never' : <Time key="last" at={lastAt} />],
          ['messages', `${count(device.messages)}, about ${device.perMinute} a minute`],
          ['required', device.required ? 'yes: the site is not well without it' : 'no'],
          ...(client
            ? [['client', <ClientWords key="client" client={client} />] satisfies [string, React.ReactNode]]
            : []),
        ]}
      />
      <DrawerPart title="Figures">
        {figures.length === 0 ? (
          <p className="dim">Nothing is known yet of what site.yaml maps.</p>
        ) : (
          <ul className={styles.filters} aria-label="Figures">
            {figures.map((figure) => (
              <li key={figure.name} className={styles.figure}>
                <span>
                  {figure.out !== null && <HealthMark health="degraded" label="beyond its limit" />} {figure.name}
                </span>
                <strong>{valueWords(figure)}</strong>
                <Sparkline
                  values={(past.data?.history[figure.name] ?? []).map(({ value }) => value)}
                  label={`${figure.name}, the last values`}
                />
                {figure.limit !== null && (
                  <span className="dim">
                    {figure.out} {figure.limit} {figure.unit}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </DrawerPart>
      <DrawerPart title="Messages">
        {topic === '' ? (
          <p className="dim">None has come yet.</p>
        ) : (
          <>
            <code>{topic}</code>{' '}
            <Button variant="default" size="compact-sm" onClick={() => onWatch(topic)}>
              Watch live
            </Button>
          </>
        )}
      </DrawerPart>
      {key.includes('/') && <Forgetting key={key} device={device} onForgotten={onForgotten} />}
      <CommandLine command={`wheelhouse devices ${key}`} />
    </Drawer>
  )
}

/** Forgets the device when it is asked a second time. */
function Forgetting({ device, onForgotten }: { readonly device: DeviceView; readonly onForgotten: () => void }) {
  const { busy, run } = useAction()
  const [sure, setSure] = useState(false)
  const forget = async () => {
    const answer = await run(({ devices }) => devices.forget({ key: device.key }))
    if (!answer) return
    tellDone(`${device.title} is forgotten.`)
    onForgotten()
  }
  return (
    <Button
      variant="default"
      size="compact-sm"
      my={8}
      style={{ alignSelf: 'flex-start' }}
      loading={busy}
      onClick={() => (sure ? void forget() : setSure(true))}
    >
      {sure ? 'Really forget it, with all that is known of it' : 'Forget this device'}
    </Button>
  )
}

function ClientWords({ client }: { readonly client: NonNullable<DeviceView['client']> }) {
  return (
    <>
      <code>{client.id}</code> {client.connected ? (client.address ?? 'connected') : 'not connected'}
    </>
  )
}
