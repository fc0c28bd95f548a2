import { Checkbox, SegmentedControl } from '@mantine/core'
import { useState } from 'react'
import type { DeployPlan, TakeBack } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes, count, counted, duration } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PlannedDialog } from '../actions/planned-dialog.tsx'
import styles from './deploys.module.css'

/** What a deploy, or the way back, would do; begun only with exactly that plan. */
export function PlanDialog({
  what,
  onClose,
  onStarted,
}: {
  readonly what: { readonly deploy: string } | { readonly backTo: string }
  readonly onClose: () => void
  readonly onStarted: (job: string) => void
}) {
  const [takeBack, setTakeBack] = useState<TakeBack>('code')
  const [trusted, setTrusted] = useState<string | null>(null)
  const back = 'backTo' in what
  const act = (plan: DeployPlan | undefined): string | null => {
    if (plan?.refusal) return null
    if (!plan) return back ? 'Roll back' : 'Deploy'
    const stops = plan.services.length > 0 ? ` and restart ${counted(plan.services.length, 'service')}` : ''
    if (!back) return `Deploy ${plan.release}${stops}`
    const data = plan.takeBack === 'code-and-data' ? `${stops === '' ? ' and' : ','} take back the data` : ''
    return `Roll back to ${plan.release}${data}${stops}`
  }
  return (
    <PlannedDialog<DeployPlan>
      title={back ? 'Roll back to an earlier release?' : 'Deploy this release?'}
      queryKey={['deploy-plan', what, takeBack]}
      load={(calls) =>
        back
          ? calls.deploys.planRollBack({ release: what.backTo, takeBack })
          : calls.deploys.plan({ release: what.deploy })
      }
      waitsFor="Comparing the releases and looking at the site. Nothing is touched."
      words={(plan) => ({
        safe: 'Keep everything as it is',
        act: act(plan),
        agreed: !plan?.trust || trusted === plan.trust.fingerprint,
      })}
      begin={(calls, { fingerprint, release }) =>
        back
          ? calls.deploys.rollBack({ release, takeBack, fingerprint })
          : calls.deploys.begin({ release, fingerprint, trust: trusted })
      }
      wide
      head={
        back && (
          <SegmentedControl
            aria-label="What is taken back"
            data={[
              { value: 'code', label: 'Code only' },
              { value: 'code-and-data', label: 'Code and data' },
            ]}
            value={takeBack}
            onChange={(value) => setTakeBack(value === 'code-and-data' ? value : 'code')}
          />
        )
      }
      onClose={onClose}
      onStarted={onStarted}
    >
      {(plan) => <PlanView plan={plan} trusted={trusted} onTrust={setTrusted} />}
    </PlannedDialog>
  )
}

function PlanView({
  plan,
  trusted,
  onTrust,
}: {
  readonly plan: DeployPlan
  readonly trusted: string | null
  readonly onTrust: (fingerprint: string | null) => void
}) {
  const { files, space, trust } = plan
  return (
    <>
      <p>{plan.sentence}</p>
      {plan.refusal !== null && (
        <p role="alert">
          <HealthMark health="unhealthy" label="refused" /> {plan.refusal}
        </p>
      )}
      {plan.losses.map((loss) => (
        <p key={loss}>
          <HealthMark health="degraded" label="lost" /> {loss}
        </p>
      ))}
      {plan.kind === 'roll-back' && !plan.dataPossible && (
        <p className="dim">There is no restore point of the data: only the code can be taken back.</p>
      )}
      <dl className={styles.figures}>
        <Figure name="added" value={count(files.added)} />
        <Figure name="changed" value={count(files.changed)} />
        <Figure name="removed" value={count(files.removed)} />
        <Figure
          name="services away for"
          value={plan.downMs === null ? 'not known yet' : `about ${duration(plan.downMs)}`}
        />
        {plan.probationMs > 0 && <Figure name="on probation for" value={duration(plan.probationMs)} />}
        <Figure name="needs" value={`${bytes(space.needed)} of ${bytes(space.free)} free`} />
      </dl>
      {plan.services.length > 0 && (
        <>
          <p>Stopped and started again:</p>
          <ul className={styles.reasons}>
            {plan.services.map(({ id, title, why }) => (
              <li key={id}>
                <strong>{title}</strong>: {why}
              </li>
            ))}
          </ul>
        </>
      )}
      {plan.untouched.length > 0 && <p className="dim">Go on running: {plan.untouched.join(', ')}.</p>}
      {plan.routes.length > 0 && (
        <p className="dim">Routes that carry nothing meanwhile: {plan.routes.map(({ id }) => id).join(', ')}.</p>
      )}
      {plan.install !== null && (
        <p>
          Before anything stops this is run in the new release: <code>{plan.install}</code>
        </p>
      )}
      {plan.tests.length > 0 && <p className="dim">The site’s own tests at the end: {plan.tests.join(', ')}.</p>}
      <ul className={styles.findings} aria-label="What was looked at">
        {plan.findings.map(({ id, title, state, sentence }) => (
          <li key={id}>
            <HealthMark
              health={state === 'passed' ? 'healthy' : state === 'warning' ? 'degraded' : 'unhealthy'}
              label={state}
            />
            <span>
              <strong>{title}</strong> <span className="dim">{sentence}</span>
            </span>
          </li>
        ))}
      </ul>
      {plan.config && (
        <>
          <p>site.yaml changes with it:</p>
          <section className={styles.changes} aria-label="Changes of site.yaml">
            {plan.config.lines.map(({ sign, text }) => `${sign} ${text}`).join('\n')}
          </section>
        </>
      )}
      {trust && (
        <>
          <p>What site.yaml of this release runs has not been trusted as it stands. All of it:</p>
          <ul className={styles.reasons}>
            {trust.commands.map(({ of, command }) => (
              <li key={`${of} ${command}`}>
                {of}: <code>{command}</code>
              </li>
            ))}
          </ul>
          <Checkbox
            label="I have looked through this, and trust it"
            checked={trusted === trust.fingerprint}
            onChange={(event) => onTrust(event.currentTarget.checked ? trust.fingerprint : null)}
          />
        </>
      )}
      <CommandLine command={plan.commandLine} />
    </>
  )
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
