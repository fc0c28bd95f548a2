import { Button, FileButton, Textarea } from '@mantine/core'
import { tellProblem } from '../../../state/use-action.tsx'
import styles from './encryption-panel.module.css'

const mostBytes = 64 * 1024

/** Where a recovery key is typed, or taken from the file of a kit. What it holds stays in the dialog. */
export function SecretField({
  label,
  description,
  value,
  onChange,
  error,
}: {
  readonly label: string
  readonly description: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly error: string | null
}) {
  const take = async (file: File | null) => {
    if (!file) return
    if (file.size > mostBytes) {
      tellProblem({
        message: `${file.name} is no recovery kit: it is too large.`,
        remedy: 'Choose the page that was saved.',
      })
      return
    }
    onChange(await file.text())
  }
  return (
    <>
      <Textarea
        className={styles.mono ?? ''}
        label={label}
        description={description}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        rows={5}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
      />
      <div>
        <FileButton onChange={(file) => void take(file)} accept=".html,.txt,text/html,text/plain">
          {(props) => (
            <Button {...props} variant="default">
              From the file of the kit…
            </Button>
          )}
        </FileButton>
      </div>
    </>
  )
}
