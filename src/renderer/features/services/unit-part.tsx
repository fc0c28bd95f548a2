import { Button } from '@mantine/core'
import type { ServiceUnit } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { DrawerPart, Facts } from '../../components/drawer.tsx'
import { bytes } from '../../components/figures.ts'
import { Sentence } from '../../components/sentence.tsx'
import { Age } from '../../components/time.tsx'
import { useSelected } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import styles from './service-drawer.module.css'

/** The unit of systemd that runs a service, or ran it before the console took it over; and handing it over. */
export function UnitPart({ id, unit }: { readonly id: string; readonly unit: ServiceUnit }) {
  const { ask } = useActions()
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some(
      (job) => job?.state === 'running' && job.kind.startsWith('units.') && job.subject === `service:${id}`,
    ),
  )
  return (
    <DrawerPart title="Unit of systemd">
      <p>
        {unit.holder === 'console' ? `The console has taken ${id} over from it.` : `systemd runs ${id}.`}{' '}
        <Sentence text={unit.sentence} />
      </p>
      {unit.can && (
        <div className={styles.actions}>
          {unit.can === 'adopt' ? (
            <Button disabled={busy} onClick={() => ask({ type: 'unit', verb: 'adopt', service: id })}>
              Adopt…
            </Button>
          ) : (
            <Button disabled={busy} onClick={() => ask({ type: 'unit', verb: 'release', service: id })}>
              Release…
            </Button>
          )}
        </div>
      )}
      <Facts
        facts={[
          ['unit', <code key="unit">{unit.name}</code>],
          ['of', unit.of === 'user' ? 'the user’s own systemd' : 'the machine'],
          ['state', unit.active === null ? 'not known' : `${unit.active} (${unit.sub})`],
          ['started with the machine', unit.startedAtBoot ?? 'not known'],
          ...(unit.pid === null ? [] : [['pid', String(unit.pid)] as const]),
          ...(unit.memory === null ? [] : [['memory', bytes(unit.memory)] as const]),
          ['asked', unit.at === null ? 'not yet' : <Age key="at" at={unit.at} />],
        ]}
      />
      <div className={styles.after}>
        <CommandLine
          label={unit.can ?? 'look'}
          command={`wheelhouse ${unit.can === null ? 'unit' : unit.can} ${id}${unit.can === null ? '' : ' --plan'}`}
        />
      </div>
    </DrawerPart>
  )
}
