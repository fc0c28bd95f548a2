import { ActionIcon, Tooltip } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { CopyButton } from './command-line.tsx'
import { exportText } from './export-text.ts'

/** Copies a short list, or saves it as a file, in comma-separated values. */
export function ListTools({
  what,
  file,
  text,
}: {
  readonly what: string
  readonly file: string
  readonly text: () => string
}) {
  return (
    <>
      <CopyButton text={text} what={what} />
      <Tooltip label="Save this list as a file">
        <ActionIcon size={22} aria-label={`Export ${what}`} onClick={() => exportText(file, text(), 'text/csv')}>
          <IconDownload size={14} />
        </ActionIcon>
      </Tooltip>
    </>
  )
}
