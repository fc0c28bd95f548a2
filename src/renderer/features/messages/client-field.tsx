import { TextInput } from '@mantine/core'

/** Narrows a list of messages to what one client of the embedded broker published. */
export function ClientField({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (client: string) => void
}) {
  return (
    <TextInput
      aria-label="Client id"
      title="Who published: the whole id of a client of the embedded broker. Other brokers do not tell."
      placeholder="Client id"
      w={150}
      classNames={{ input: 'mono' }}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      spellCheck={false}
    />
  )
}
