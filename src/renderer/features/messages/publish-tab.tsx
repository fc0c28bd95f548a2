import { Button, Checkbox, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { type SyntheticEvent, useState } from 'react'
import { PageFrame } from '../../components/page-frame.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import styles from './publish-tab.module.css'
import { topicMistake } from './topic-filter.ts'

/** Sends one message to the broker, as any client would. */
export function PublishTab({ onWatch }: { readonly onWatch: (filter: string) => void }) {
  const { busy, run } = useAction()
  const [topic, setTopic] = useState('')
  const [payload, setPayload] = useState('')
  const [qos, setQos] = useState<0 | 1>(0)
  const [retain, setRetain] = useState(false)
  const mistake = topicMistake(topic)
  const publish = async (event: SyntheticEvent) => {
    event.preventDefault()
    const done = await run((calls) => calls.messages.publish({ topic, payload, qos, retain }))
    if (done) tellDone(`Published to ${topic}.`)
  }
  return (
    <PageFrame title="Publish" note="Every service that listens to the topic gets it, and routes apply.">
      <form className={styles.form} onSubmit={(event) => void publish(event)}>
        <TextInput
          label="Topic"
          placeholder="consultease/faculty/7/status"
          classNames={{ input: 'mono' }}
          value={topic}
          error={topic === '' ? undefined : mistake}
          onChange={(event) => setTopic(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
        />
        <Textarea
          label="Payload"
          placeholder='{"present": true}'
          classNames={{ input: 'mono' }}
          autosize
          minRows={5}
          maxRows={16}
          value={payload}
          onChange={(event) => setPayload(event.currentTarget.value)}
          spellCheck={false}
        />
        <div className={styles.line}>
          <SegmentedControl
            aria-label="Quality of service"
            value={String(qos)}
            onChange={(value) => setQos(value === '1' ? 1 : 0)}
            data={[
              { value: '0', label: 'QoS 0' },
              { value: '1', label: 'QoS 1' },
            ]}
          />
          <Checkbox
            label="Retain: the broker keeps it for whoever subscribes later"
            checked={retain}
            onChange={(event) => setRetain(event.currentTarget.checked)}
          />
        </div>
        <div className={styles.line}>
          <Button type="submit" variant="filled" size="sm" disabled={busy || mistake !== null}>
            {mistake === null ? `Publish to ${topic}` : 'Publish'}
          </Button>
          <Button size="sm" disabled={mistake !== null} onClick={() => onWatch(topic)}>
            Watch this topic
          </Button>
        </div>
      </form>
    </PageFrame>
  )
}
