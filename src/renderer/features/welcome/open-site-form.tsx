import { Button, TextInput } from '@mantine/core'
import { type SyntheticEvent, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { Problem } from '#shared/problem.ts'
import { usePage } from '../../state/page-context.ts'
import { useEntity } from '../../state/use-shown.ts'
import styles from './welcome.module.css'

/** A folder to open as a site: typed, or chosen where the host has a chooser. Failures are told where they are mended. */
export function OpenSiteForm({ onOpened }: { readonly onOpened?: () => void }) {
  const { link } = usePage()
  const view = useEntity('console', 'console')
  const [directory, setDirectory] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true)
    setProblem(null)
    try {
      await act()
    } catch (error) {
      setProblem(toConsoleError(error).problem)
    } finally {
      setBusy(false)
    }
  }
  const open = (event: SyntheticEvent) => {
    event.preventDefault()
    void attempt(async () => {
      await link.calls.console.openSite({ directory: directory.trim() })
      onOpened?.()
    })
  }
  const choose = () =>
    void attempt(async () => {
      const chosen = await link.calls.console.chooseFolder()
      if (chosen.directory !== null) setDirectory(chosen.directory)
    })

  return (
    <form onSubmit={open} className={styles.form}>
      <div className={styles.field}>
        <TextInput
          label="Folder of the site"
          description={`The folder that holds site.yaml.${view?.phase === 'open' ? ' The site that is open now is stopped and closed.' : ''}`}
          placeholder="/srv/consultease"
          value={directory}
          onChange={(event) => setDirectory(event.currentTarget.value)}
          error={problem ? `${problem.message} ${problem.remedy}` : undefined}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
        />
        {view?.can.chooseFolder && <Button onClick={choose}>Choose…</Button>}
      </div>
      <div>
        <Button type="submit" variant="filled" disabled={busy || directory.trim() === ''}>
          {busy ? 'Opening…' : 'Open site'}
        </Button>
      </div>
    </form>
  )
}
