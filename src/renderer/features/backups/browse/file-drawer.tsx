import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Connection, toConsoleError } from '#shared/client/index.ts'
import { type FileView, mostPiece } from '#shared/contract/index.ts'
import { shownKey } from '#shared/path-key.ts'
import { CommandLine } from '../../../components/command-line.tsx'
import { Drawer, DrawerPart, Facts } from '../../../components/drawer.tsx'
import { exportBlob } from '../../../components/export-text.ts'
import { bytes } from '../../../components/figures.ts'
import { PanelBody } from '../../../components/panel.tsx'
import { Time } from '../../../components/time.tsx'
import { usePage } from '../../../state/page-context.ts'
import { tellProblem } from '../../../state/use-action.tsx'
import styles from './browse.module.css'

/** Up to this size a file is shown. */
const mostShown = 256 * 1024
/** Up to this size it is saved from here; above, the command line writes it without holding it. */
const mostSaved = 64 * 1024 * 1024

/** One file of a snapshot: what is known of it, its text, and a copy to keep. */
export function FileDrawer({
  snapshot,
  file,
  onClose,
}: {
  readonly snapshot: string
  readonly file: FileView
  readonly onClose: () => void
}) {
  const { link } = usePage()
  const [saving, setSaving] = useState(false)
  const size = file.bytes ?? 0
  const readable = file.kind === 'file' && size <= mostShown
  const content = useQuery({
    queryKey: ['snapshot-file', snapshot, file.path],
    queryFn: () => link.calls.backups.files.read({ snapshot, path: file.path, length: mostShown }),
    enabled: readable,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  })
  const save = async () => {
    setSaving(true)
    try {
      exportBlob(file.name, new Blob(await piecesOf(link.calls, snapshot, file)))
    } catch (error) {
      tellProblem(toConsoleError(error).problem)
    } finally {
      setSaving(false)
    }
  }
  const text = content.data && textOf(content.data.base64)
  return (
    <Drawer title={file.name} label={`File ${file.name}`} onClose={onClose}>
      <Facts
        facts={[
          ['kind', file.torn ? `${file.kind}, torn: it changed each time it was read` : file.kind],
          ...(file.bytes === null ? [] : [['size', bytes(file.bytes)] as const]),
          ['written', <Time key="written" at={file.at} />],
          ['owner', file.owner],
          ['rights', file.mode.toString(8).padStart(4, '0')],
          ...(file.target === null ? [] : [['leads to', file.target] as const]),
          ['path', <code key="path">{shownKey(file.path)}</code>],
        ]}
      />
      {file.bytes !== null && (
        <div className={styles.buttons}>
          <Button disabled={saving || size > mostSaved} onClick={() => void save()}>
            {saving ? 'Saving…' : 'Save a copy'}
          </Button>
        </div>
      )}
      {size > mostSaved && <p className="dim">It is too large to be saved from here; the command line writes it.</p>}
      {readable && (
        <DrawerPart title="Content">
          <PanelBody
            content={
              content.error
                ? {
                    state: 'failed',
                    problem: toConsoleError(content.error).problem,
                    retry: () => void content.refetch(),
                  }
                : content.isPending
                  ? { state: 'loading', waitsFor: 'Reading the file.' }
                  : { state: 'ready' }
            }
          >
            {text === null ? (
              <p className="dim">It is not text.</p>
            ) : text === '' ? (
              <p className="dim">It is empty.</p>
            ) : (
              // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
              <pre className={styles.content} tabIndex={0}>
                {text}
              </pre>
            )}
          </PanelBody>
        </DrawerPart>
      )}
      <DrawerPart title="On the command line">
        <CommandLine command={`wheelhouse backups cat ${snapshot} '${shownKey(file.path)}'`} />
      </DrawerPart>
    </Drawer>
  )
}

async function piecesOf(
  calls: Connection['calls'],
  snapshot: string,
  file: FileView,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let offset = 0; offset < (file.bytes ?? 0); ) {
    const { base64 } = await calls.backups.files.read({ snapshot, path: file.path, offset, length: mostPiece })
    const piece = bytesOf(base64)
    if (piece.length === 0) break
    pieces.push(piece)
    offset += piece.length
  }
  return pieces
}

/** The text, or null when it is none. */
function textOf(base64: string): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(base64))
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
