import { Button, Textarea, TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import type { RouteTextProblem } from '#shared/contract/index.ts'
import { Dialog } from '../../components/dialog.tsx'
import { counted } from '../../components/figures.ts'
import { HealthMark } from '../../components/health-mark.tsx'
import { PageFrame } from '../../components/page-frame.tsx'
import { Panel, PanelBody } from '../../components/panel.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { DryRunPanel } from './dry-run-panel.tsx'
import styles from './route-editor.module.css'
import { useRouteText } from './use-route-text.ts'

/** Writes one route of site.yaml: checked while it is typed, tried on what passes, saved in one step. */
export function RouteEditor({ route, onClose }: { readonly route: string; readonly onClose: () => void }) {
  const { busy, run } = useAction()
  const draft = useRouteText(route)
  const [asking, setAsking] = useState<'leave' | 'remove' | null>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const { saved, problems } = draft
  const isNew = saved !== null && saved.text === null
  const canSave = !busy && draft.changed && problems?.length === 0
  const write = async (text: string | null, done: string) => {
    if (saved === null) return
    const answer = await run((calls) => calls.routes.save({ route, text, base: saved.base }))
    if (!answer) return
    tellDone(done)
    onClose()
  }
  const leave = () => (draft.changed && !isNew ? setAsking('leave') : onClose())
  return (
    <PageFrame
      title={isNew ? `New route ${route}` : `Route ${route}`}
      note="As it stands in site.yaml; docs/routes.md says what it can hold."
      actions={
        <>
          <Button onClick={leave}>Back to the routes</Button>
          {saved !== null && !isNew && (
            <Button disabled={busy} onClick={() => setAsking('remove')}>
              Remove
            </Button>
          )}
          <Button
            variant="filled"
            disabled={!canSave}
            title="Ctrl+S"
            onClick={() => void write(draft.text, `Route ${route} is saved and in use.`)}
          >
            Save and use
          </Button>
        </>
      }
    >
      <PanelBody
        content={
          draft.failed
            ? { state: 'failed', problem: draft.failed, retry: draft.readAgain }
            : saved === null
              ? { state: 'loading', waitsFor: `the text of route ${route}` }
              : { state: 'ready' }
        }
      >
        <div className={styles.halves}>
          <div className={styles.writing}>
            <Textarea
              ref={field}
              aria-label={`Text of route ${route}`}
              classNames={{ input: `mono ${styles.text}` }}
              autosize
              minRows={10}
              maxRows={32}
              value={draft.text}
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => draft.set(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 's' || !(event.ctrlKey || event.metaKey)) return
                event.preventDefault()
                if (canSave) void write(draft.text, `Route ${route} is saved and in use.`)
              }}
              data-autofocus
            />
            <Problems
              problems={problems}
              onGo={(problem) => {
                if (field.current) goTo(field.current, problem)
              }}
            />
          </div>
          <DryRunPanel route={route} text={draft.text} ready={problems?.length === 0} />
        </div>
      </PanelBody>
      {asking === 'leave' && (
        <Dialog title="Leave without saving?" size={420} onClose={() => setAsking(null)}>
          <p>What was written about route {route} is not saved and would be lost.</p>
          <div className={styles.ways}>
            <Button data-autofocus onClick={() => setAsking(null)}>
              Go on writing
            </Button>
            <Button variant="filled" onClick={onClose}>
              Leave
            </Button>
          </div>
        </Dialog>
      )}
      {asking === 'remove' && (
        <Dialog title={`Remove route ${route}?`} size={420} onClose={() => setAsking(null)}>
          <p>
            It is taken out of site.yaml and passes no more messages. What it has queued is still delivered; its journal
            is kept as long as its rows last.
          </p>
          <div className={styles.ways}>
            <Button data-autofocus onClick={() => setAsking(null)}>
              Keep it
            </Button>
            <Button variant="filled" disabled={busy} onClick={() => void write(null, `Route ${route} was removed.`)}>
              Remove route {route}
            </Button>
          </div>
        </Dialog>
      )}
    </PageFrame>
  )
}

/** Asks for the id of a route that is to be written. */
export function NewRouteDialog({
  taken,
  onClose,
  onChosen,
}: {
  readonly taken: readonly string[]
  readonly onClose: () => void
  readonly onChosen: (route: string) => void
}) {
  const [id, setId] = useState('')
  const mistake = mistakeInId(id, taken)
  return (
    <Dialog title="New route" size={420} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (mistake === null) onChosen(id)
        }}
      >
        <TextInput
          label="Id"
          description="Lowercase letters, digits and hyphens; how the route is named everywhere."
          value={id}
          error={id === '' ? undefined : mistake}
          onChange={(event) => setId(event.currentTarget.value)}
          data-autofocus
          spellCheck={false}
          autoComplete="off"
        />
        <div className={styles.ways}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={mistake !== null}>
            Write it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Why an id cannot be that of a new route; null when it can. Pure. */
export function mistakeInId(id: string, taken: readonly string[]): string | null {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id) || id.length > 63)
    return 'Use lowercase letters, digits and single hyphens between them.'
  return taken.includes(id) ? 'There is a route of this id already.' : null
}

function Problems({
  problems,
  onGo,
}: {
  readonly problems: readonly RouteTextProblem[] | null
  readonly onGo: (problem: RouteTextProblem) => void
}) {
  return (
    <Panel
      title={
        problems === null ? 'Checking' : problems.length === 0 ? 'No mistakes' : counted(problems.length, 'mistake')
      }
    >
      <div role="status">
        {problems?.length === 0 && <p className="dim">It can be saved.</p>}
        <ul className={styles.problems}>
          {problems?.map((problem) => (
            <li key={`${problem.line} ${problem.message}`}>
              <HealthMark health="unhealthy" label="mistake" size={10} />{' '}
              {problem.line !== null && (
                <button type="button" className={styles.line} onClick={() => onGo(problem)}>
                  line {problem.line}
                </button>
              )}{' '}
              <Sentence text={problem.message} />{' '}
              <span className="dim">
                <Sentence text={problem.remedy} />
              </span>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  )
}

/** Puts the cursor at a mistake. */
function goTo(field: HTMLTextAreaElement, { line, column }: RouteTextProblem): void {
  const lines = field.value.split('\n')
  const before = lines.slice(0, (line ?? 1) - 1).reduce((all, text) => all + text.length + 1, 0)
  const at = before + Math.min((column ?? 1) - 1, lines[(line ?? 1) - 1]?.length ?? 0)
  field.focus()
  field.setSelectionRange(at, at)
}
