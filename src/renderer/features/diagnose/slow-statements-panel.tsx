import type { StoreView } from '#shared/contract/index.ts'
import { csv } from '../../components/export-text.ts'
import { count, duration } from '../../components/figures.ts'
import { ListTools } from '../../components/list-tools.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'

/** The most that the console tells of. */
const most = 20

/** Statements of the store that took over 40 ms, the slowest first. */
export function SlowStatementsPanel({ slow }: { readonly slow: StoreView['slow'] }) {
  return (
    <Panel
      title="Slow statements"
      flush
      aside={
        slow.length > 0 && <ListTools what="slow statements" file="slow-statements.csv" text={() => asCsv(slow)} />
      }
      content={
        slow.length === 0
          ? { state: 'empty', sentence: 'None so far. A statement that takes over 40 ms appears here by its name.' }
          : slow.length >= most
            ? { state: 'too-much', sentence: `The ${most} slowest are shown; others over 40 ms are not listed.` }
            : { state: 'ready' }
      }
    >
      <table className={`${table.table} ${table.still}`} aria-label="Slow statements">
        <thead>
          <tr>
            <th>Statement</th>
            <th className={table.right}>Worst</th>
            <th className={table.right}>Last</th>
            <th className={table.right}>Times</th>
            <th className={table.right}>Last at</th>
          </tr>
        </thead>
        <tbody>
          {slow.map((statement) => (
            <tr key={statement.name}>
              <td className={table.grow} title={statement.name}>
                <code>{statement.name}</code>
              </td>
              <td className={table.right}>{duration(statement.worstMs)}</td>
              <td className={table.right}>{duration(statement.lastMs)}</td>
              <td className={table.right}>{count(statement.count)}</td>
              <td className={table.right}>
                <Time at={statement.lastAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

function asCsv(slow: StoreView['slow']): string {
  return csv(
    ['statement', 'worst ms', 'last ms', 'times', 'last at'],
    slow.map((statement) => [
      statement.name,
      statement.worstMs,
      statement.lastMs,
      statement.count,
      new Date(statement.lastAt).toISOString(),
    ]),
  )
}
