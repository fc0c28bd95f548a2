import { ActionIcon, Button } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { toConsoleError } from '#shared/client/index.ts'
import type { Evidence, Why } from '#shared/contract/index.ts'
import { CommandLine, CopyButton } from '../../components/command-line.tsx'
import { HealthMark } from '../../components/health-mark.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { Age, Time, useSiteTime } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { useLinkStatus } from '../../state/use-link.ts'
import { useFix } from '../actions/use-fix.ts'
import { useStateDigest } from './use-state-digest.ts'
import styles from './why.module.css'

/** Links that are shown at first; a long chain is opened on request. */
const shortChain = 6

/** The answer itself. Asked anew whenever a state that it may rest on changes; what was there stays until the new one is. */
export function WhyAnswer({ subject, onClose }: { readonly subject: string; readonly onClose: () => void }) {
  const { link } = usePage()
  const status = useLinkStatus()
  const stale = status.phase !== 'connected'
  const digest = useStateDigest()
  const answer = useQuery({
    queryKey: ['why', subject, digest],
    queryFn: () => link.calls.diagnostics.why({ subject }),
    placeholderData: keepPreviousData,
    enabled: !stale,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  })
  const told = answer.data
  const problem = answer.error ? toConsoleError(answer.error).problem : null
  return (
    <section className={styles.answer} aria-label="Why?" aria-busy={answer.isFetching} data-stale={stale || undefined}>
      <header className={styles.head}>
        <h3>
          {told && <HealthMark health={told.health} />} <span>{told?.title ?? 'Why?'}</span>
        </h3>
        {stale && status.lastHeardAt !== null && (
          <span className="dim">
            as of <Age at={status.lastHeardAt} />, reconnecting
          </span>
        )}
        <ActionIcon size={22} aria-label="Close (Escape)" onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </header>
      <PanelBody
        content={
          told && !problem
            ? { state: 'ready' }
            : problem
              ? { state: 'failed', problem, retry: () => void answer.refetch() }
              : {
                  state: 'loading',
                  waitsFor: stale ? 'Waiting for the console.' : 'Waiting for the answer.',
                  wayOut: { label: 'Close', act: onClose },
                }
        }
      >
        {told && <Told told={told} onClose={onClose} />}
      </PanelBody>
    </section>
  )
}

function Told({ told, onClose }: { readonly told: Why; readonly onClose: () => void }) {
  const fix = useFix()
  const [whole, setWhole] = useState(false)
  const format = useSiteTime()
  const shown = whole ? told.evidence : told.evidence.slice(0, shortChain)
  const hidden = told.evidence.length - shown.length
  return (
    <>
      <p className={styles.sentence} aria-live="polite">
        <Sentence text={told.sentence} />
      </p>
      {shown.length > 0 && (
        <ol className={styles.evidence} aria-label="Evidence, down to the first failing thing">
          {shown.map((link) => (
            <EvidenceLine
              key={`${link.what} ${link.subject} ${link.event} ${link.sentence}`}
              link={link}
              onGo={onClose}
            />
          ))}
        </ol>
      )}
      {hidden > 0 && (
        <button type="button" className={styles.more} onClick={() => setWhole(true)}>
          {hidden} more
        </button>
      )}
      {told.fixes.length > 0 && (
        <div className={styles.fixes}>
          {told.fixes.map((offered) => (
            <Button
              key={offered.label}
              onClick={() => {
                onClose()
                fix(offered)
              }}
            >
              {offered.label}
            </Button>
          ))}
        </div>
      )}
      <footer className={styles.foot}>
        <CommandLine command={told.commandLine} />
        <CopyButton text={asText(told, format.full)} what="the answer" />
      </footer>
    </>
  )
}

const kinds: Record<Evidence['what'], string> = {
  state: 'state',
  probe: 'probe',
  event: 'event',
  log: 'log',
  card: 'card',
}

function EvidenceLine({ link, onGo }: { readonly link: Evidence; readonly onGo: () => void }) {
  const text = link.what === 'log' ? <code>{link.sentence}</code> : link.sentence
  return (
    <li>
      <span className={styles.at}>{link.at !== null && <Time at={link.at} />}</span>
      <span className={styles.kind}>{kinds[link.what]}</span>
      {link.page === null ? (
        <span>{text}</span>
      ) : (
        <Link to={link.page} onClick={onGo}>
          {text}
        </Link>
      )}
    </li>
  )
}

/** For a mail or a ticket: the sentence, then the evidence, one a line. */
function asText({ sentence, evidence, commandLine }: Why, moment: (at: number) => string): string {
  return [
    sentence,
    ...evidence.map(({ at, what, sentence: line }) => `- ${at === null ? '' : `${moment(at)} `}${what}: ${line}`),
    `(${commandLine})`,
  ].join('\n')
}
