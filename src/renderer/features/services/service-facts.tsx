import { Link } from 'react-router'
import type { ServiceView } from '#shared/contract/index.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes, count, counted, duration, percent } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useEntity, useSite } from '../../state/use-shown.ts'
import styles from './service-drawer.module.css'

/** Probes, needs, process, ports and the command lines of one service. */
export function ServiceFacts({ service }: { readonly service: ServiceView }) {
  const site = useSite()
  const phase = site?.phases.find(({ id }) => id === service.phase)?.title ?? service.phase
  return (
    <>
      <DrawerPart title="Probes">
        {service.probes.length === 0 ? (
          <p className="dim">No probe is set: it counts as healthy while its process runs.</p>
        ) : (
          <ul className={styles.probes}>
            {service.probes.map((probe) => (
              <Probe key={probe.name} probe={probe} />
            ))}
          </ul>
        )}
      </DrawerPart>
      <DrawerPart title="Needs">
        {service.needs.length === 0 ? (
          <p className="dim">Nothing: it can start first.</p>
        ) : (
          <ul className={styles.needs}>
            {service.needs.map((need) => (
              <Need key={need.service} {...need} />
            ))}
          </ul>
        )}
      </DrawerPart>
      {service.dependents.length > 0 && (
        <DrawerPart title="Needed by">
          <ul className={styles.needs}>
            {service.dependents.map((id) => (
              <Need key={id} service={id} />
            ))}
          </ul>
        </DrawerPart>
      )}
      {service.hooks.length > 0 && (
        <DrawerPart title="Callbacks">
          <ul className={styles.hooks}>
            {service.hooks.map((hook) => (
              <li key={hook.name}>
                <span>{hook.name}</span>
                <code>{hook.command}</code>
                <span className="dim">{hook.runs ? 'runs now' : `at most ${duration(hook.timeoutMs)}`}</span>
              </li>
            ))}
          </ul>
        </DrawerPart>
      )}
      <DrawerPart title="Process">
        <Facts facts={processFacts(service, phase)} />
      </DrawerPart>
      {/* What somebody else runs is neither started nor stopped from here. */}
      {service.kind !== 'external' && service.state !== 'external' && (
        <DrawerPart title="On the command line">
          <div className={styles.commands}>
            {service.state === 'stopped' || service.state === 'failed' ? (
              <CommandLine label="start" command={`wheelhouse start ${service.id}`} />
            ) : (
              <CommandLine label="stop" command={`wheelhouse stop ${service.id}`} />
            )}
            <CommandLine label="restart" command={`wheelhouse restart ${service.id}`} />
          </div>
        </DrawerPart>
      )}
    </>
  )
}

function Probe({ probe }: { readonly probe: ServiceView['probes'][number] }) {
  const health = probe.passing === null ? 'unknown' : probe.passing ? 'healthy' : 'unhealthy'
  const words = probe.passing === null ? 'not asked yet' : probe.passing ? 'passing' : 'failing'
  return (
    <li>
      <HealthMark health={health} label={words} />
      <span>{probe.name}</span>
      <span className={styles.answer}>
        {probe.answer} {probe.failures > 0 && <span>({counted(probe.failures, 'failure')} in a row)</span>}
      </span>
      <span className="number dim">
        {probe.ms !== null && probe.ms > 0 && !/ in [\d.]+ m?s/.test(probe.answer) && <>{duration(probe.ms)}, </>}
        {probe.at !== null && <Age at={probe.at} />}
      </span>
      <code className={styles.asked}>{probe.what}</code>
    </li>
  )
}

function Need({
  service,
  condition,
  met,
}: {
  readonly service: string
  readonly condition?: string
  readonly met?: boolean
}) {
  const other = useEntity('services', service)
  return (
    <li>
      <HealthMark health={other?.health ?? 'unknown'} />
      <Link to={`/services/${service}`}>{service}</Link>
      {condition !== undefined && (
        <span className="dim">{met ? `is ${condition}` : `must be ${condition}, is not yet`}</span>
      )}
    </li>
  )
}

function processFacts(service: ServiceView, phase: string | null): readonly (readonly [string, React.ReactNode])[] {
  const { pid, startedAt, lastExit } = service
  return [
    ...(pid === null
      ? []
      : [['pid', service.adopted ? `${pid} (adopted from an earlier run of the console)` : pid] as const]),
    ...(startedAt === null ? [] : [['started', <Started key="started" at={startedAt} />] as const]),
    ...(service.cpu === null ? [] : [['CPU', `${percent(service.cpu)} of one core`] as const]),
    ...(service.memory === null
      ? []
      : [['memory', `${bytes(service.memory)} in ${counted(service.processes, 'process', 'processes')}`] as const]),
    ['restarts', count(service.restarts)],
    ...(lastExit === null ? [] : [['last exit', <LastExit key="exit" {...lastExit} />] as const]),
    ...Object.entries(service.ports).map(([name, port]) => [`port ${name}`, port] as const),
    ...(phase === null ? [] : [['phase', phase] as const]),
    ...(service.optional ? [['optional', 'the site is healthy without it'] as const] : []),
    ['kind', service.kind],
    ['command', <Path key="command" text={service.command} what="command" />],
    ['folder', <Path key="folder" text={service.cwd} what="folder" />],
  ]
}

function Started({ at }: { readonly at: number }) {
  return (
    <>
      <Time at={at} />{' '}
      <span className="dim">
        (<Age at={at} />)
      </span>
    </>
  )
}

function LastExit({ at, sentence }: { readonly at: number; readonly sentence: string }) {
  return (
    <>
      {sentence}{' '}
      <span className="dim">
        <Time at={at} />
      </span>
    </>
  )
}

function Path({ text, what }: { readonly text: string; readonly what: string }) {
  return (
    <>
      <code>{text}</code> <CopyButton text={text} what={what} />
    </>
  )
}
