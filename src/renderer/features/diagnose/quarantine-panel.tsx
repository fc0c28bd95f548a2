import type { StoreView } from '#shared/contract/index.ts'
import { CopyButton } from '../../components/command-line.tsx'
import { csv } from '../../components/export-text.ts'
import { bytes } from '../../components/figures.ts'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import styles from './quarantine-panel.module.css'

/** Damaged files that were set aside, why, and until when they are kept. */
export function QuarantinePanel({ quarantine }: { readonly quarantine: StoreView['quarantine'] }) {
  return (
    <Panel
      title="Quarantine"
      flush
      aside={
        quarantine.length > 0 && (
          <ListTools what="quarantine" file="store-quarantine.csv" text={() => asCsv(quarantine)} />
        )
      }
      content={
        quarantine.length === 0
          ? {
              state: 'empty',
              sentence: 'Nothing is set aside. The files of a damaged database are kept here for 14 days.',
            }
          : { state: 'ready' }
      }
    >
      <table className={`${table.table} ${table.still}`} aria-label="Quarantine">
        <thead>
          <tr>
            <th>Database</th>
            <th>Set aside</th>
            <th>Kept until</th>
            <th className={table.right}>Size</th>
            <th className={table.grow}>Why</th>
            <th className={table.second}>Folder</th>
          </tr>
        </thead>
        <tbody>
          {quarantine.map((entry) => (
            <tr key={entry.folder}>
              <td>{entry.database}</td>
              <td>
                <Time at={entry.at} />
              </td>
              <td>
                <Time at={entry.until} />
              </td>
              <td className={table.right}>{bytes(entry.bytes)}</td>
              <td className={styles.why}>{entry.why}</td>
              <td className={table.second}>
                <code title={entry.folder}>{lastPart(entry.folder)}</code>{' '}
                <CopyButton text={entry.folder} what={`folder of ${lastPart(entry.folder)}`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function lastPart(folder: string): string {
  return folder.split(/[\\/]/).findLast((part) => part !== '') ?? folder
}

function asCsv(quarantine: StoreView['quarantine']): string {
  return csv(
    ['database', 'set aside', 'kept until', 'bytes', 'why', 'folder'],
    quarantine.map((entry) => [
      entry.database,
      new Date(entry.at).toISOString(),
      new Date(entry.until).toISOString(),
      entry.bytes,
      entry.why,
      entry.folder,
    ]),
  )
}
