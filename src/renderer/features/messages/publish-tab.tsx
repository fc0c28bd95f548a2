import { Button, Checkbox, NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { type SyntheticEvent, useState } from 'react'
import { PageFrame } from '../../components/page-frame.tsx'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { useEntity } from '../../state/use-shown.ts'
import styles from './publish-tab.module.css'
import { useRecent } from './recent-messages.ts'
import { topicMistake } from './topic-filter.ts'

/** Sends one message to the broker, as any client would. */
export function PublishTab({ onWatch }: { readonly onWatch: (filter: string) => void }) {
  const { busy, run } = useAction()
  const [topic, setTopic] = useState('')
  const [payload, setPayload] = useState('')
  const [qos, setQos] = useState<0 | 1>(0)
  const [retain, setRetain] = useState(false)
  const [chosen, setChosen] = useState('')
  const links = useEntity('traffic', 'traffic')?.links ?? []
  const names = links.map((link) => link.broker)
  const broker = names.includes(chosen) ? chosen : names[0]
  const { recent, remember } = useRecent()
  const mistake = topicMistake(topic)
  const publish = async (event: SyntheticEvent) => {
    event.preventDefault()
    const done = await run((calls) =>
      calls.messages.publish({ topic, payload, qos, retain, ...(broker === undefined ? {} : { broker }) }),
    )
    if (!done) return
    tellDone(names.length > 1 ? `Published to ${topic} on ${broker}.` : `Published to ${topic}.`)
    remember({ topic, payload, qos, retain })
  }
  return (
    <PageFrame title="Publish" note="Every service that listens to the topic gets it, and routes apply.">
      <form
        className={styles.form}
        onSubmit={(event) => void publish(event)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          if (!busy && mistake === null) event.currentTarget.requestSubmit()
        }}
      >
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
        {names.length > 1 && (
          <NativeSelect
            label="Broker"
            data={names}
            value={broker ?? ''}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
        )}
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
          <span className="dim">Ctrl+Enter publishes</span>
        </div>
        {recent.length > 0 && (
          <section aria-label="Published last">
            <h2 className={styles.title}>Published last</h2>
            <ul className={styles.recent}>
              {recent.map((message) => (
                <li key={JSON.stringify(message)}>
                  <button
                    type="button"
                    title="Take it into the form"
                    onClick={() => {
                      setTopic(message.topic)
                      setPayload(message.payload)
                      setQos(message.qos)
                      setRetain(message.retain)
                    }}
                  >
                    <code>{message.topic}</code> <code className="dim">{message.payload.slice(0, 200)}</code>
                    <span className="dim">
                      QoS {message.qos}
                      {message.retain && ', retained'}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
      </form>
    </PageFrame>
  )
}
