import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { toConsoleError } from '#shared/client/index.ts'
import type { LogPage } from '#shared/contract/index.ts'
import type { Problem } from '#shared/problem.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { bytes, counted, duration } from '../../components/figures.ts'
import lines from '../../components/log-view.module.css'
import { PanelBody } from '../../components/panel.tsx'
import { VirtualList } from '../../components/virtual-list.tsx'
import { usePage } from '../../state/page-context.ts'
import styles from './log-search.module.css'

interface Asked {
  readonly text: string
  readonly pattern: boolean
  readonly stream: string | null
  readonly window: string | null
}

interface Found {
  readonly asked: Asked
  readonly lines: readonly (LogPage['lines'][number] & { readonly n: number })[]
  readonly page: LogPage
  readonly bytes: number
}

/** The most lines that are kept on screen. */
const most = 5_000

/** Looks for a text through everything that a service wrote and that is kept, newest first, a page at a time. */
export function LogSearchPanel({ service }: { readonly service: string }) {
  const { link, clock } = usePage()
  const [asked, setAsked] = useState<Asked>({ text: '', pattern: false, stream: null, window: null })
  const [found, setFound] = useState<Found | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)

  const search = async (what: Asked, before: Found | null) => {
    setBusy(true)
    try {
      const from = what.window === null ? undefined : clock.wall() - Number(what.window)
      const page = await link.calls.services.searchLog({
        service,
        text: what.text,
        pattern: what.pattern,
        ...((what.stream === 'out' || what.stream === 'err') && { stream: what.stream }),
        ...(from !== undefined && { from }),
        ...(before?.page.next != null && { after: before.page.next }),
      })
      const earlier = before?.lines ?? []
      const more = page.lines.map((line, index) => ({ ...line, n: earlier.length + index }))
      setFound({
        asked: what,
        page,
        lines: [...earlier, ...more].slice(0, most),
        bytes: (before?.bytes ?? 0) + page.bytes,
      })
      setProblem(null)
    } catch (error) {
      setProblem(toConsoleError(error).problem)
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (asked.text !== '' && !busy) void search(asked, null)
  }
  return (
    <div className={lines.log}>
      <form className={styles.form} onSubmit={submit}>
        <TextInput
          placeholder="Text in any line that is kept"
          aria-label={`Search everything that ${service} wrote`}
          leftSection={<IconSearch size={14} />}
          maxLength={500}
          value={asked.text}
          onChange={(event) => setAsked({ ...asked, text: event.currentTarget.value })}
        />
        <Select
          aria-label="Stream"
          placeholder="Both streams"
          clearable
          w={118}
          data={streams}
          value={asked.stream}
          onChange={(stream) => setAsked({ ...asked, stream })}
        />
        <Select
          aria-label="Time"
          placeholder="Any time"
          clearable
          w={112}
          data={windows}
          value={asked.window}
          onChange={(window) => setAsked({ ...asked, window })}
        />
        <Checkbox
          label="Expression"
          title="The text is a regular expression."
          checked={asked.pattern}
          onChange={(event) => setAsked({ ...asked, pattern: event.currentTarget.checked })}
        />
        <Button type="submit" disabled={asked.text === ''} loading={busy}>
          Search
        </Button>
      </form>
      <PanelBody
        content={
          problem
            ? { state: 'failed', problem }
            : !found
              ? { state: 'empty', sentence: 'Enter a text: the files that were put aside are looked through as well.' }
              : found.lines.length === 0 && found.page.next === null
                ? { state: 'empty', sentence: `No line holds it. ${bytes(found.bytes)} were looked through.` }
                : { state: 'ready' }
        }
      >
        {found && (
          <Results found={found} busy={busy} service={service} onMore={() => void search(found.asked, found)} />
        )}
      </PanelBody>
    </div>
  )
}

function Results({
  found,
  busy,
  service,
  onMore,
}: {
  readonly found: Found
  readonly busy: boolean
  readonly service: string
  readonly onMore: () => void
}) {
  return (
    <>
      <div className={styles.status} role="status">
        <span className="dim">
          {counted(found.lines.length, 'line')}, newest first; {bytes(found.bytes)} looked through, the last page in{' '}
          {duration(found.page.ms)}. {found.page.sentence}
        </span>
        {found.page.next !== null && found.lines.length < most && (
          <Button size="compact-xs" loading={busy} onClick={onMore}>
            Older
          </Button>
        )}
      </div>
      <div className={lines.lines}>
        <VirtualList
          rows={found.lines}
          rowKey={(line) => line.n}
          label={`Lines of ${service} that were found`}
          rowHeight={19}
          className={lines.list}
        >
          {(line) => (
            <code className={lines.line} data-stream={line.stream} title={line.text}>
              {line.text}
            </code>
          )}
        </VirtualList>
      </div>
      <CommandLine label="search" command={commandOf(service, found.asked)} />
    </>
  )
}

const streams = [
  { value: 'out', label: 'stdout' },
  { value: 'err', label: 'stderr' },
]
const hour = 3_600_000
const windows = [
  { value: String(hour), label: 'Last hour' },
  { value: String(24 * hour), label: 'Last day' },
  { value: String(7 * 24 * hour), label: 'Last week' },
]

/** The text in single quotes, as a shell takes it whatever is in it. */
function commandOf(service: string, { text, pattern, stream }: Asked): string {
  const quoted = `'${text.replaceAll("'", "'\\''")}'`
  return `wheelhouse logs ${service} --search ${quoted}${pattern ? ' --regex' : ''}${stream === null ? '' : ` --stream ${stream}`}`
}
