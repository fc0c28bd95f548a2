import { useState } from 'react'
import type { Problem } from '#shared/problem.ts'
import { LogView, type NumberedLine } from '../../components/log-view.tsx'
import { PanelBody } from '../../components/panel.tsx'
import { useStream } from '../../state/use-stream.ts'

/** The most lines that are kept on screen; the file has them all. */
const most = 5_000

/** What a service writes, followed. */
export function ServiceLog({ service }: { readonly service: string }) {
  const [lines, setLines] = useState<readonly NumberedLine[] | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  useStream(
    'services.log',
    { service, lines: 1_000 },
    {
      onBegin: () => {
        setLines(null)
        setProblem(null)
      },
      onRefused: setProblem,
      onBatch: (items) =>
        setLines((before) => {
          const from = (before?.at(-1)?.n ?? 0) + 1
          const more = items.map((line, index) => ({ n: from + index, text: line.text, stream: line.stream }))
          return [...(before ?? []), ...more].slice(-most)
        }),
    },
  )
  return (
    <PanelBody
      content={
        problem
          ? { state: 'failed', problem }
          : lines === null
            ? { state: 'loading', waitsFor: `Waiting for ${service} to write something; its log is empty so far.` }
            : { state: 'ready' }
      }
    >
      <LogView lines={lines ?? []} name={service} />
    </PanelBody>
  )
}
