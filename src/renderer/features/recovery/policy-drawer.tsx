import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import type { PolicyView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Time } from '../../components/time.tsx'
import { useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import { policyStateMark, policyStateWords, subjectPage, subjectWords } from './policy-words.ts'
import styles from './recovery.module.css'
import { RunDialog } from './run-dialog.tsx'

/** One policy: what it is about now, its ladder, and what a person can do with it. */
export function PolicyDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const policy = useEntity('recovery', id)
  if (!policy) {
    return (
      <Drawer title={id} label="Recovery policy" onClose={onClose}>
        <p>This site has no such policy.</p>
      </Drawer>
    )
  }
  return (
    <Drawer title={policy.title} label="Recovery policy" onClose={onClose}>
      <p className={styles.state}>
        <HealthMark health={policyStateMark[policy.state]} label="" /> <strong>{policyStateWords[policy.state]}</strong>{' '}
        <span className="dim">{offWords(policy)}</span> <Why subject={`policy:${id}`} about={policy.title} />
      </p>
      {policy.subjects.map((about) => (
        <div key={about.subject} className={styles.subject}>
          <p>
            <HealthMark health={policyStateMark[about.state]} label="" />{' '}
            <Link to={subjectPage(about.subject)}>{subjectWords(about.subject)}</Link> {policyStateWords[about.state]}
            {about.until !== null && (
              <>
                {' '}
                until <Time at={about.until} />
              </>
            )}
            {about.step !== null && `, step ${about.step + 1} of ${policy.steps.length}`}
            {about.step !== null && ' '}
            {about.subject.startsWith('service:') && <Why subject={about.subject} about={about.subject} />}
          </p>
          <p className="dim">
            {about.sentence} {about.usedToday} of {policy.perDay} steps today.
          </p>
        </div>
      ))}
      <DrawerPart title="Steps">
        <ol className={styles.steps}>
          {numbered(policy).map(({ key, words }) => (
            <li key={key}>{words}</li>
          ))}
        </ol>
      </DrawerPart>
      <DrawerPart title="Rule">
        <Facts
          facts={[
            ['acts when', `${policy.when}, for ${duration(policy.forMs)}`],
            ['at most', `${policy.perDay} steps on one subject within 24 hours`],
            ['rests', `${duration(policy.coolDownMs)} before it begins again`],
            ['from', policy.shipped ? 'the console; site.yaml may change it by its id' : 'site.yaml'],
          ]}
        />
      </DrawerPart>
      <Act policy={policy} />
    </Drawer>
  )
}

/** A ladder may have the same step twice. */
function numbered({ steps }: PolicyView): readonly { readonly key: string; readonly words: string }[] {
  return steps.map(({ words }, index) => ({ key: `${index} ${words}`, words }))
}

function offWords({ on, switchedOff }: PolicyView): string {
  if (!on) return 'in site.yaml'
  return switchedOff ? 'until the console is started anew' : ''
}

function Act({ policy }: { readonly policy: PolicyView }) {
  const { busy, run } = useAction()
  const [subject, setSubject] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const chosen = subject ?? policy.subjects[0]?.subject ?? policy.candidates[0] ?? null
  const on = !policy.switchedOff
  return (
    <>
      <DrawerPart title="By hand">
        <div className={styles.actions}>
          {policy.candidates.length > 1 && (
            <Select
              aria-label="Run for"
              data={policy.candidates.map((each) => ({ value: each, label: subjectWords(each) }))}
              value={chosen}
              onChange={setSubject}
              allowDeselect={false}
              searchable
            />
          )}
          <Button disabled={chosen === null} onClick={() => setAsking(true)}>
            Run now…
          </Button>
          {policy.on && (
            <Button
              disabled={busy}
              onClick={() => void run((calls) => calls.recovery.switch({ policy: policy.id, on: !on }))}
              title={on ? 'For as long as the console runs; site.yaml switches it off for good.' : undefined}
            >
              {on ? 'Switch off' : 'Switch on'}
            </Button>
          )}
        </div>
        {asking && chosen !== null && (
          <RunDialog policy={policy.id} subject={chosen} onClose={() => setAsking(false)} />
        )}
      </DrawerPart>
      <DrawerPart title="On the command line">
        <div className={styles.commands}>
          {chosen !== null && (
            <CommandLine label="run" command={`wheelhouse recovery run ${policy.id} --on ${chosen}`} />
          )}
          {policy.on && (
            <CommandLine label={on ? 'off' : 'on'} command={`wheelhouse recovery ${on ? 'off' : 'on'} ${policy.id}`} />
          )}
        </div>
      </DrawerPart>
    </>
  )
}
