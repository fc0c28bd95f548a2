import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { DependencyView } from '#shared/contract/index.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { count, counted, duration, perSecond } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, Time } from '../../components/time.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import { SubjectHistory } from '../timeline/subject-history.tsx'
import { Why } from '../why/why.tsx'
import styles from './dependencies.module.css'
import { breakerWords, dependencyHealth } from './dependency-words.ts'

/** One dependency: its breaker and why, what may be done, its calls, its last check, and the calls that it did not answer. */
export function DependencyDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const dependency = useEntity('dependencies', id)
  if (!dependency) {
    return (
      <Drawer title={id} label={`Dependency ${id}`} onClose={onClose}>
        <p>This site has no dependency named {id}. It may have been taken out of site.yaml.</p>
      </Drawer>
    )
  }
  const { state, since, sentence, nextTryAt, users, troubled } = dependency
  return (
    <Drawer
      label={`Dependency ${id}`}
      onClose={onClose}
      title={
        <>
          <HealthMark health={dependencyHealth(dependency)} size={14} /> {dependency.title}
        </>
      }
    >
      <p className={styles.state}>
        Breaker {state === 'closed' ? `closed: ${breakerWords.closed}` : breakerWords[state]} since <Time at={since} />{' '}
        <span className="dim">
          (<Age at={since} />)
        </span>
      </p>
      <p className={styles.sentence}>
        {sentence} <Why subject={`dependency:${id}`} about={id} />
      </p>
      {nextTryAt !== null && (
        <p className={styles.sentence}>
          Tried again at <Time at={nextTryAt} />.
        </p>
      )}
      <DependencyActions dependency={dependency} />
      <DrawerPart title="Calls">
        <Facts facts={callFacts(dependency)} />
      </DrawerPart>
      <DrawerPart title="Protection">
        <Facts facts={protectionFacts(dependency)} />
      </DrawerPart>
      <DrawerPart title="Used by">
        {users.length === 0 ? (
          <p className="dim">No service. Name it under uses: of a service in site.yaml.</p>
        ) : (
          <ul className={styles.list}>
            {users.map(({ service, required }) => (
              <li key={service}>
                <Link to={`/services/${service}`}>{service}</Link>{' '}
                <span className="dim">
                  {required ? 'cannot start without it: it waits' : 'does without it: it is degraded'}
                </span>
              </li>
            ))}
          </ul>
        )}
      </DrawerPart>
      {troubled.length > 0 && (
        <DrawerPart title="Calls that it did not answer">
          <ul className={styles.list}>
            {troubled.map((call) => (
              <Troubled key={`${call.requestId}-${call.at}`} call={call} />
            ))}
          </ul>
        </DrawerPart>
      )}
      <DrawerPart title="History">
        <SubjectHistory subject={`dependency:${id}`} />
      </DrawerPart>
      <DrawerPart title="On the command line">
        <div className={styles.commands}>
          <CommandLine label="show" command={`wheelhouse dependency show ${id}`} />
          <CommandLine label="check" command={`wheelhouse dependency check ${id}`} />
          {state !== 'isolated' && <CommandLine label="isolate" command={`wheelhouse dependency isolate ${id}`} />}
          {state !== 'closed' && <CommandLine label="reset" command={`wheelhouse dependency reset ${id}`} />}
        </div>
      </DrawerPart>
    </Drawer>
  )
}

function DependencyActions({ dependency }: { readonly dependency: DependencyView }) {
  const { busy, run } = useAction()
  const { id, state, check, problem } = dependency
  const act = async (what: 'isolate' | 'reset') => {
    const done = await run((calls) => calls.dependencies[what]({ dependency: id }))
    if (done) tellDone(what === 'isolate' ? `Calls are kept away from ${id}.` : `Calls to ${id} pass again.`)
  }
  const checkNow = async () => {
    const answer = await run((calls) => calls.dependencies.check({ dependency: id }))
    if (answer) tellDone(`${id} ${answer.ok ? 'passed its check' : 'failed its check'}: ${answer.sentence}.`)
  }
  return (
    <div className={styles.actions}>
      <Button disabled={busy || check === null || problem !== null} onClick={() => void checkNow()}>
        Check now
      </Button>
      {state !== 'closed' && (
        <Button disabled={busy || problem !== null} variant="filled" onClick={() => void act('reset')}>
          {state === 'isolated' ? 'Let calls pass' : 'Try it now'}
        </Button>
      )}
      {state !== 'isolated' && (
        <Button disabled={busy || problem !== null} onClick={() => void act('isolate')}>
          Keep calls away
        </Button>
      )}
    </div>
  )
}

function callFacts({ figures, underWay, concurrency }: DependencyView): readonly (readonly [string, ReactNode])[] {
  const { calls, ends, tries, kept, perSecond: rate, p50, p99, lastError } = figures
  return [
    [
      'calls',
      <span key="calls">
        {count(calls)} <span className="dim">in all, {perSecond(rate)} now,</span> {count(underWay)}{' '}
        <span className="dim">under way of at most {count(concurrency)}</span>
      </span>,
    ],
    [
      'answered',
      <span key="answered">
        {count(ends.answered)} <span className="dim">by it,</span> {count(ends.fallback)}{' '}
        <span className="dim">by the fallback,</span> {count(ends.failed)} <span className="dim">failed</span>
      </span>,
    ],
    ['not answered', `${count(ends.abandoned)} given up by the caller, ${count(ends.refused)} not allowed`],
    [
      'tries',
      `${count(tries.total)}, of which ${count(tries.failed)} failed and ${count(tries.repeated)} were repeats`,
    ],
    ['kept away', `${count(kept.open)} by the breaker, ${count(kept.busy)} because too many were under way`],
    [
      'took',
      p99 === 0 ? (
        <span key="took" className="dim">
          no answer began yet
        </span>
      ) : (
        <span
          key="took"
          title="Until the answer began: half of all tries at most the first, 99 of 100 at most the second."
        >
          {duration(p50)} <span className="dim">p50,</span> {duration(p99)} <span className="dim">p99</span>
        </span>
      ),
    ],
    [
      'last error',
      lastError ? (
        <span key="error">
          {lastError.sentence}{' '}
          <span className="dim">
            <Age at={lastError.at} />
          </span>
        </span>
      ) : (
        <span key="none" className="dim">
          none
        </span>
      ),
    ],
  ]
}

function protectionFacts(dependency: DependencyView): readonly (readonly [string, ReactNode])[] {
  const { url, rule, attempts, timeoutMs, fallback, check } = dependency
  return [
    [
      'address',
      <span key="url">
        <code>{url}</code> <CopyButton text={url} what="address of the dependency" />
      </span>,
    ],
    ['breaker', rule],
    ['time-out', `${duration(timeoutMs)}, ${counted(attempts, 'try', 'tries')} of a call that may be repeated`],
    [
      'fallback',
      fallback ? (
        'is answered in its place'
      ) : (
        <span key="none" className="dim">
          none: calls get an error
        </span>
      ),
    ],
    [
      'check',
      check === null ? (
        <span key="off" className="dim">
          off
        </span>
      ) : (
        <span key="check">
          {check.what} every {duration(check.everyMs)}
          {check.last && (
            <div>
              <HealthMark health={check.last.ok ? 'healthy' : 'unhealthy'} label="" /> {check.last.sentence}{' '}
              <span className="dim">
                <Age at={check.last.at} />
              </span>
            </div>
          )}
        </span>
      ),
    ],
  ]
}

const endWords: Record<DependencyView['troubled'][number]['end'], string> = {
  answered: 'answered',
  fallback: 'fallback',
  failed: 'failed',
  abandoned: 'given up',
  refused: 'not allowed',
}

function Troubled({ call }: { readonly call: DependencyView['troubled'][number] }) {
  const { at, caller, method, path, ms, end, sentence, requestId } = call
  return (
    <li>
      {endWords[end]}: {sentence} <span className="dim">after {duration(ms)}</span>
      <div className="dim">
        <Time at={at} /> {caller} {method} <code>{path}</code>{' '}
        <CopyButton text={requestId} what={`id of the request ${requestId}`} />
      </div>
    </li>
  )
}
