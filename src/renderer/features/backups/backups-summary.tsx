import type { ReactNode } from 'react'
import { CopyButton } from '../../components/command-line.tsx'
import { bytes } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { Age, Time } from '../../components/time.tsx'
import { useNow } from '../../state/use-link.ts'
import { useEntity } from '../../state/use-shown.ts'
import { Why } from '../why/why.tsx'
import styles from './backups-summary.module.css'

/** How safe the site is: the newest snapshot, the newest verified one, the next, and where they lie. */
export function BackupsSummary() {
  const backups = useEntity('backups', 'backups')
  if (!backups) return null
  return (
    <div className={styles.summary}>
      <Figure name="Last backup">{backups.lastAt === null ? 'none yet' : <Age at={backups.lastAt} />}</Figure>
      <Figure name="Last verified">
        {backups.lastVerifiedAt === null ? (
          <>
            <HealthMark health="unknown" label="" /> none yet
          </>
        ) : (
          <>
            <HealthMark health="healthy" label="" /> <Age at={backups.lastVerifiedAt} />
          </>
        )}{' '}
        <Why subject="backups" />
      </Figure>
      <Figure name="Next">{backups.nextAt === null ? 'not scheduled' : <In at={backups.nextAt} />}</Figure>
      <Figure name="Takes up">
        {backups.bytes === null ? 'not known' : bytes(backups.bytes)}
        {backups.freeBytes !== null && <span className="dim"> with {bytes(backups.freeBytes)} free</span>}
      </Figure>
      <Figure name="Folder" wide>
        <code title={backups.folder}>{backups.folder}</code> <CopyButton text={backups.folder} what="folder" />
      </Figure>
      {backups.sharesDisk && (
        <p className={styles.warning}>
          <HealthMark health="degraded" label="warning" /> The backups are on the same disk as the site: if that disk
          dies, both are gone. Name a folder on another disk under backup: in site.yaml.
        </p>
      )}
      {backups.note !== null && <p className={styles.warning}>{backups.note}</p>}
    </div>
  )
}

function In({ at }: { readonly at: number }) {
  const now = useNow()
  return at <= now ? 'due now' : <Time at={at} />
}

function Figure({
  name,
  wide = false,
  children,
}: {
  readonly name: string
  readonly wide?: boolean
  readonly children: ReactNode
}) {
  return (
    <div className={wide ? styles.wide : styles.figure}>
      <div className={styles.name}>{name}</div>
      <div className={styles.value}>{children}</div>
    </div>
  )
}
