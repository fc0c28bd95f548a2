import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { ConfigVersionView } from '#shared/contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { Panel } from '../../components/panel.tsx'
import table from '../../components/table.module.css'
import { Time } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { DecisionDialog } from '../actions/decision-dialog.tsx'
import { ConfigChanges } from './config-changes.tsx'
import styles from './config-values.module.css'
import type { useConfig } from './use-config.ts'

/** The versions that were in use; each can be compared with what is in use, and put back. */
export function ConfigVersions({ query }: { readonly query: ReturnType<typeof useConfig>['versions'] }) {
  const [asked, setAsked] = useState<ConfigVersionView | null>(null)
  const versions = query.data?.versions
  const content = query.error
    ? ({ state: 'failed', problem: toConsoleError(query.error).problem, retry: () => void query.refetch() } as const)
    : versions === undefined
      ? ({ state: 'loading', waitsFor: 'Asking for the versions.' } as const)
      : versions.length === 0
        ? ({ state: 'empty', sentence: 'The first valid site.yaml that is used becomes a version.' } as const)
        : ({ state: 'ready' } as const)
  return (
    <Panel title="Versions" flush content={content}>
      <div className={styles.rows}>
        <table className={`${table.table} ${table.still}`} aria-label="Versions">
          <thead>
            <tr>
              <th>Version</th>
              <th>In use since</th>
              <th>Why</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {versions?.map((version) => (
              <tr key={version.id}>
                <td>{version.id}</td>
                <td>
                  <Time at={version.at} />
                </td>
                <td className={table.grow}>{version.why}</td>
                <td className={table.right}>
                  {version.inUse ? (
                    <span className="dim">in use</span>
                  ) : (
                    <Button
                      size="compact-xs"
                      aria-label={`Compare version ${version.id}`}
                      onClick={() => setAsked(version)}
                    >
                      Compare…
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {asked && <VersionDialog version={asked} onClose={() => setAsked(null)} />}
    </Panel>
  )
}

/** What would become of the configuration if the version were put back. */
function VersionDialog({ version, onClose }: { readonly version: ConfigVersionView; readonly onClose: () => void }) {
  const { link } = usePage()
  const { busy, run } = useAction()
  const { data, error } = useQuery({
    queryKey: ['config-compare', version.id],
    queryFn: () => link.calls.config.compare({ from: version.id, to: null }),
    gcTime: 0,
    retry: false,
  })
  const back = data?.changes.map((change) => ({
    ...change,
    before: change.after,
    after: change.before,
    what: ({ added: 'removed', removed: 'added', changed: 'changed' } as const)[change.what],
  }))
  const act = async () => {
    if (!(await run((calls) => calls.config.restore({ version: version.id })))) return
    tellDone(`Version ${version.id} was put back and is in use.`)
    onClose()
  }
  return (
    <DecisionDialog
      title={`Put version ${version.id} back`}
      safe="Cancel"
      act="Put back"
      onAct={() => void act()}
      onClose={onClose}
      busy={busy}
      ready={back !== undefined}
      destructive={false}
    >
      <p>
        site.yaml and the files that it includes are written as they were, with what was set then. What is in use now
        stays a version. What would change:
      </p>
      {error ? <p role="alert">{toConsoleError(error).problem.message}</p> : back && <ConfigChanges changes={back} />}
      <CommandLine command={`wheelhouse config restore ${version.id}`} />
    </DecisionDialog>
  )
}
