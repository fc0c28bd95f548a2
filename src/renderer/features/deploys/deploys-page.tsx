import { Button } from '@mantine/core'
import { useState } from 'react'
import { useNavigate, useParams, useSearchParams } from 'react-router'
import { counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { ZoneNote } from '../../components/time.tsx'
import { useSelected, useSlice } from '../../state/use-shown.ts'
import { useActions } from '../actions/asking.ts'
import { CurrentDeploy } from './current-deploy.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import { DeployHistory } from './deploy-history.tsx'
import { PlanDialog } from './plan-dialog.tsx'
import { ReleaseDrawer } from './release-drawer.tsx'
import { ReleaseTable } from './release-table.tsx'

type Asked = { readonly deploy: string | null } | { readonly backTo: string } | null

/** The releases of the site: one click to deploy, one click back. `?deploy` opens the dialog. */
export default function DeploysPage() {
  const { id } = useParams()
  const navigate = useNavigate()
  const [search, setSearch] = useSearchParams()
  const [asked, setAsked] = useState<Asked>(search.has('deploy') ? { deploy: null } : null)
  const { watch } = useActions()
  const slice = useSlice('releases')
  const releases = Object.values(slice).sort((a, b) => b.at - a.at)
  const deploys = Object.values(useSlice('deploys')).sort((a, b) => b.at - a.at)
  const active = releases.find(({ state }) => state === 'active')
  const previous = releases.find(({ state }) => state === 'previous')
  const busy = useSelected('jobs', (jobs) =>
    Object.values(jobs).some((job) => job.state === 'running' && /^(deploy|restore)\./.test(job.kind)),
  )
  const close = () => {
    setAsked(null)
    if (search.has('deploy')) setSearch({}, { replace: true })
  }
  return (
    <PageFrame
      title="Deploys"
      note={
        <>
          {active ? `Runs from ${active.version ? `${active.id}, ${active.version}` : active.id}.` : ''}{' '}
          {counted(releases.length, 'release')} known. <ZoneNote />
        </>
      }
      actions={
        <>
          <Button variant="filled" disabled={busy} onClick={() => setAsked({ deploy: null })}>
            Deploy…
          </Button>
          <Button
            disabled={busy || !previous}
            title={
              busy
                ? 'Another deploy or restore is under way.'
                : previous
                  ? `To ${previous.id}.`
                  : 'There is no earlier release to go back to.'
            }
            onClick={() => setAsked({ backTo: 'previous' })}
          >
            Roll back…
          </Button>
        </>
      }
      drawer={
        id !== undefined && (
          <ReleaseDrawer
            key={id}
            id={id}
            release={slice[id]}
            active={active?.id}
            onClose={() => void navigate('/deploys')}
            onDeploy={() => setAsked({ deploy: id })}
            onRollBack={() => setAsked({ backTo: id })}
          />
        )
      }
    >
      {asked !== null && 'deploy' in asked && <DeployDialog release={asked.deploy} onClose={close} onStarted={watch} />}
      {asked !== null && 'backTo' in asked && <PlanDialog what={asked} onClose={close} onStarted={watch} />}
      <CurrentDeploy onRollBack={() => setAsked({ backTo: 'previous' })} />
      <ReleaseTable releases={releases} selected={id} />
      <DeployHistory deploys={deploys} />
    </PageFrame>
  )
}
