import { ActionIcon, Select, TextInput, Tooltip } from '@mantine/core'
import { IconDownload, IconSearch } from '@tabler/icons-react'
import { type ReactNode, useMemo, useState } from 'react'
import { useNavigate, useSearchParams } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { DeviceView } from '#shared/contract/index.ts'
import { awayWords } from '#shared/device-words.ts'
import { csv, exportText } from '../../components/export-text.ts'
import { age, count, counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import { DeviceDrawer } from './device-drawer.tsx'
import { deviceRows, deviceStates, figureWords, healthOf, stateWords } from './device-rows.ts'
import styles from './devices.module.css'
import { useDevices } from './use-devices.ts'

const states = deviceStates.map((value) => ({ value, label: stateWords[value] }))

/** The devices that site.yaml describes; those in trouble and silent ones stand first. */
export function DescribedTab({ tabs }: { readonly tabs: ReactNode }) {
  const navigate = useNavigate()
  const [params, setParams] = useSearchParams()
  const [words, setWords] = useState('')
  const [state, setState] = useState<string | null>(null)
  const [family, setFamily] = useState<string | null>(null)
  const query = useDevices()
  const look = query.data
  const rows = useMemo(
    () => deviceRows(look?.devices.values() ?? [], { words, state, family }),
    [look, words, state, family],
  )
  const chosen = params.get('device')
  const open = chosen === null ? undefined : look?.devices.get(chosen)
  const choose = (key: string | null) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before)
        if (key === null) next.delete('device')
        else next.set('device', key)
        return next
      },
      { replace: true },
    )
  const notKept = look?.families.reduce((sum, each) => sum + each.notKept, 0) ?? 0
  const all = look?.devices.size ?? 0
  const online = [...(look?.devices.values() ?? [])].filter((device) => device.state === 'online').length
  return (
    <PageFrame
      title="Devices"
      note={<ZoneNote />}
      tools={
        <>
          {tabs}
          <TextInput
            aria-label="Search devices"
            placeholder="Name, topic, value"
            leftSection={<IconSearch size={14} />}
            w={180}
            value={words}
            onChange={(event) => setWords(event.currentTarget.value)}
          />
          <Select
            aria-label="State"
            placeholder="Any state"
            clearable
            w={120}
            data={states}
            value={state}
            onChange={setState}
          />
          {(look?.families.length ?? 0) > 1 && (
            <Select
              aria-label="Family"
              placeholder="Any family"
              clearable
              w={150}
              data={look?.families.map(({ id, title }) => ({ value: id, label: title })) ?? []}
              value={family}
              onChange={setFamily}
            />
          )}
          <Tooltip label="Save this list as a file">
            <ActionIcon aria-label="Export devices" onClick={() => exportText('devices.csv', asCsv(rows), 'text/csv')}>
              <IconDownload size={16} />
            </ActionIcon>
          </Tooltip>
          <span className="dim" role="status">
            {count(online)} of {counted(all, 'device')} online
            {notKept > 0 && `; ${count(notKept)} more are not kept`}
            {query.error && look && '; not up to date: the console does not answer'}
          </span>
        </>
      }
      drawer={
        open && (
          <DeviceDrawer
            device={open}
            onClose={() => choose(null)}
            onWatch={(filter) => void navigate(`/messages?filter=${encodeURIComponent(filter)}`)}
            onForgotten={() => {
              choose(null)
              void query.refetch()
            }}
          />
        )
      }
    >
      {look?.away.map(({ broker, reason }) => (
        <p key={broker} className={styles.away} role="status">
          <HealthMark health="unknown" label="" /> {awayWords(broker, look.families)}: {reason}
        </p>
      ))}
      {look?.families.map(
        ({ id, title, lastError }) =>
          lastError !== null && (
            <p key={id} className="dim">
              A figure of {title} could not be read from its newest such message: {lastError}.
            </p>
          ),
      )}
      <PanelBody
        content={
          query.error && !look
            ? { state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() }
            : query.isPending
              ? { state: 'loading', waitsFor: 'Waiting for the devices.' }
              : rows.length === 0
                ? { state: 'empty', sentence: emptyWords(look?.families.length ?? 0, all) }
                : { state: 'ready' }
        }
      >
        <div className={styles.frame}>
          <div className={styles.names} aria-hidden="true">
            <span>Device</span>
            <span>State</span>
            <span>For</span>
            <span>Last heard</span>
            <span>A minute</span>
            <span>Figures</span>
          </div>
          <VirtualList
            rows={rows}
            rowKey={({ key }) => key}
            label="Devices"
            selected={chosen ?? undefined}
            onSelect={({ key }) => choose(key)}
          >
            {(device) => <DeviceRow device={device} now={look?.at ?? 0} />}
          </VirtualList>
        </div>
      </PanelBody>
    </PageFrame>
  )
}

function DeviceRow({ device, now }: { readonly device: DeviceView; readonly now: number }) {
  return (
    <div className={styles.row} data-trouble={device.troubled || device.state === 'silent' || undefined}>
      <span title={device.key}>{device.title}</span>
      <span>
        <HealthMark health={healthOf(device)} label="" /> {stateWords[device.state]}
      </span>
      <span className={styles.number}>{age(Math.max(0, now - device.since))}</span>
      <span className={styles.number}>{device.lastAt === null ? 'never' : age(Math.max(0, now - device.lastAt))}</span>
      <span className={styles.number}>{device.perMinute}</span>
      <span className={styles.values}>{figureWords(device)}</span>
    </div>
  )
}

function emptyWords(families: number, all: number): string {
  if (families === 0) {
    return 'site.yaml describes no devices yet. Write, for example, `devices: { desk: { topic: "lab/{id}/status", silent-after: 2m } }` and reload: each {id} that speaks stands here, and stands out when it is silent. docs/devices.md has the rest.'
  }
  return all === 0 ? 'No device has been heard yet. Each stands here as soon as it speaks.' : 'No device matches.'
}

function asCsv(rows: readonly DeviceView[]): string {
  return csv(
    ['device', 'title', 'state', 'since', 'last heard', 'messages', 'figures'],
    rows.map((row) => [
      row.key,
      row.title,
      row.state,
      new Date(row.since).toISOString(),
      row.lastAt === null ? null : new Date(row.lastAt).toISOString(),
      row.messages,
      figureWords(row),
    ]),
  )
}
