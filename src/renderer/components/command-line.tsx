import { ActionIcon, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useState } from 'react'
import { usePage } from '../state/page-context.ts'
import styles from './command-line.module.css'
import { copyText } from './copy-text.ts'

/** The same action on the command line, ready to be copied. */
export function CommandLine({
  command,
  label = 'On the command line',
}: {
  readonly command: string
  readonly label?: string
}) {
  return (
    <div className={styles.line}>
      <span className={styles.label}>{label}</span>
      <code className={styles.command}>{command}</code>
      <CopyButton text={command} what="command" />
    </div>
  )
}

/** Copies `text`; says for two seconds that it did. */
export function CopyButton({ text, what }: { readonly text: string | (() => string); readonly what: string }) {
  const { clock } = usePage()
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    if (!(await copyText(typeof text === 'string' ? text : text()))) return
    setCopied(true)
    clock.after(2_000, () => setCopied(false))
  }
  const label = copied ? 'Copied' : `Copy ${what}`
  return (
    <Tooltip label={label}>
      <ActionIcon size={22} className={`${styles.copy}`} aria-label={label} onClick={() => void copy()}>
        {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </ActionIcon>
    </Tooltip>
  )
}
