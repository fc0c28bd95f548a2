import { ActionIcon, Tooltip } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useCallback, useEffect, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { ServiceProcesses, ServiceView } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { DrawerPart } from '../../components/drawer.tsx'
import { age, bytes, count, counted, percent } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import styles from './process-part.module.css'
import { SignalButtons } from './signal-buttons.tsx'

/** What a service consists of: looked up when the drawer opens, when its process changes, and when asked. */
export function ProcessPart({ service }: { readonly service: ServiceView }) {
  const { id, pid } = service
  const { link } = usePage()
  const [found, setFound] = useState<ServiceProcesses | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const look = useCallback(async () => {
    try {
      setFound(await link.calls.services.processes({ service: id }))
      setProblem(null)
    } catch (error) {
      setProblem(toConsoleError(error).problem)
    }
  }, [link, id])
  useEffect(() => {
    if (pid !== null) void look()
  }, [look, pid])
  if (pid === null) return null
  return (
    <DrawerPart title="Processes and ports">
      <div className={styles.head}>
        <span className="dim">{found ? <Looked found={found} /> : (problem?.message ?? 'Looking…')}</span>
        <Tooltip label="Look again">
          <ActionIcon aria-label="Look at the processes again" onClick={() => void look()}>
            <IconRefresh size={15} />
          </ActionIcon>
        </Tooltip>
      </div>
      {found && found.processes.length > 0 && (
        <>
          <ProcessTable found={found} />
          <Ports found={found} />
          <Limits limits={found.limits} />
          <SignalButtons service={id} signals={found.signals} />
        </>
      )}
      <CommandLine label="processes" command={`wheelhouse processes ${id}`} />
    </DrawerPart>
  )
}

function Looked({ found }: { readonly found: ServiceProcesses }) {
  if (found.sentence !== null) return found.sentence
  return (
    <>
      {counted(found.processes.length + found.notShown, 'process', 'processes')}
      {found.openFiles !== null && `, ${counted(found.openFiles, 'open file')}`}, looked at <Age at={found.at} />
      {!found.complete && '. Not all could be seen: files of other users, or too many of them.'}
    </>
  )
}

function ProcessTable({ found }: { readonly found: ServiceProcesses }) {
  return (
    <table className={styles.processes} aria-label="Processes">
      <thead>
        <tr>
          <th>Process</th>
          <th>pid</th>
          <th>CPU</th>
          <th>Memory</th>
          <th>Age</th>
          <th>Files</th>
        </tr>
      </thead>
      <tbody>
        {found.processes.map((process) => (
          <tr key={process.pid}>
            <td style={{ paddingInlineStart: Math.min(process.depth, 8) * 14 }}>
              <code>{process.name}</code>
              {process.strayed && <div className="dim">left the tree of its service</div>}
            </td>
            <td>{process.pid}</td>
            <td>{process.cpu === null ? '–' : percent(process.cpu)}</td>
            <td>{bytes(process.memory)}</td>
            <td>{age(process.ageMs)}</td>
            <td>{process.openFiles === null ? '–' : count(process.openFiles)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Ports({ found: { ports, silent } }: { readonly found: ServiceProcesses }) {
  if (ports.length + silent.length === 0) return <p className="dim">It listens on no port.</p>
  return (
    <ul className={styles.list} aria-label="Ports">
      {ports.map(({ protocol, address, port, name, beyondLoopback }) => (
        <li key={`${protocol} ${address} ${port}`}>
          {name === null || beyondLoopback ? <HealthMark health="degraded" label="stands out" /> : <span />}
          <code>
            {protocol} {address.includes(':') ? `[${address}]` : address}:{port}
          </code>
          <span className={name === null || beyondLoopback ? undefined : 'dim'}>
            {name ?? 'not in site.yaml'}
            {beyondLoopback && ', open to other machines'}
          </span>
        </li>
      ))}
      {silent.map(({ name, port }) => (
        <li key={name}>
          <HealthMark health="unknown" label="silent" />
          <code>port {port}</code>
          <span>{name} of site.yaml: nobody listens</span>
        </li>
      ))}
    </ul>
  )
}

function Limits({ limits }: Pick<ServiceProcesses, 'limits'>) {
  if (limits.length === 0) return null
  return (
    <ul className={styles.list} aria-label="Limits">
      {limits.map(({ what, most, now, over }) => (
        <li key={what}>
          <HealthMark health={over ? 'degraded' : 'healthy'} label={over ? 'over its limit' : 'within its limit'} />
          <span>{limitWords[what]}</span>
          <span className={over ? undefined : 'dim'}>
            {now === null ? '–' : amount(what, now)} of at most {amount(what, most)}
          </span>
        </li>
      ))}
    </ul>
  )
}

type Limit = ServiceProcesses['limits'][number]['what']
const limitWords: Record<Limit, string> = {
  memory: 'memory',
  cpu: 'CPU',
  processes: 'processes',
  'open-files': 'open files',
}

function amount(what: Limit, value: number): string {
  // As site.yaml counts, so that a limit reads as it was written there.
  if (what === 'memory') return `${count(value / 1024 ** 2)} MB`
  return what === 'cpu' ? percent(value) : count(value)
}
