import { Checkbox, SegmentedControl, TextInput } from '@mantine/core'
import type { DeploySource } from '#shared/contract/index.ts'
import { shellWord } from '#shared/shell-word.ts'

/** What was typed of a source. */
export interface TypedSource {
  readonly kind: DeploySource['kind']
  readonly place: string
  readonly ref: string
  readonly unproven: boolean
  readonly note: string
}

export const noSource: TypedSource = { kind: 'archive', place: '', ref: 'main', unproven: false, note: '' }

const places = {
  archive: ['Archive on the console’s machine', '/media/usb/site-1.4.2.tar.gz'],
  folder: ['Folder on the console’s machine', '/srv/new-release'],
  git: ['Repository', 'https://git.example.org/lab/site.git'],
} as const

export function sourceOf({ kind, place, ref }: TypedSource): DeploySource | null {
  const absolute = /^(\/|[A-Za-z]:\\)/.test(place)
  if (kind === 'git') return place !== '' && ref !== '' ? { kind, repository: place, ref } : null
  if (!absolute) return null
  return kind === 'folder' ? { kind, folder: place } : { kind, file: place }
}

/** The same on the command line. */
export function sourceCommand({ kind, place, ref, unproven }: TypedSource): string {
  const source = place === '' ? 'SOURCE' : shellWord(place)
  const more =
    kind === 'git' ? ` --ref ${shellWord(ref || 'main')}` : kind === 'archive' && unproven ? ' --without-proof' : ''
  return `wheelhouse deploy ${source}${more}`
}

/** Where the new code comes from: an archive, a folder, a git repository. */
export function SourceForm({
  value,
  onChange,
}: {
  readonly value: TypedSource
  readonly onChange: (value: TypedSource) => void
}) {
  const [label, placeholder] = places[value.kind]
  const wrong = value.place !== '' && value.kind !== 'git' && sourceOf(value) === null
  return (
    <>
      <SegmentedControl
        aria-label="Kind of source"
        data={[
          { value: 'archive', label: 'Archive' },
          { value: 'folder', label: 'Folder' },
          { value: 'git', label: 'Git' },
        ]}
        value={value.kind}
        onChange={(kind) =>
          onChange({ ...value, kind: kind === 'git' || kind === 'folder' ? kind : 'archive', place: '' })
        }
      />
      <TextInput
        label={label}
        placeholder={placeholder}
        value={value.place}
        data-autofocus
        error={wrong ? 'Write the whole path.' : undefined}
        onChange={(event) => onChange({ ...value, place: event.currentTarget.value.trim() })}
      />
      {value.kind === 'git' && (
        <TextInput
          label="Branch, tag or commit"
          value={value.ref}
          onChange={(event) => onChange({ ...value, ref: event.currentTarget.value.trim() })}
        />
      )}
      {value.kind === 'archive' && (
        <Checkbox
          label="Take it without a manifest: nothing proves then that it is whole and unchanged"
          checked={value.unproven}
          onChange={(event) => onChange({ ...value, unproven: event.currentTarget.checked })}
        />
      )}
      <TextInput
        label="Note"
        description="Stands beside the release."
        value={value.note}
        maxLength={200}
        onChange={(event) => onChange({ ...value, note: event.currentTarget.value })}
      />
    </>
  )
}
