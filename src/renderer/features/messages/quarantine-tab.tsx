import { Button, Group, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Quarantined } from '#shared/contract/index.ts'
import type { QuarantineChoice } from '#shared/contract/messages.ts'
import { Drawer, DrawerPart, Facts } from '../../components/drawer.tsx'
import { counted } from '../../components/figures.ts'
import { PageFrame } from '../../components/page-frame.tsx'
import { Time, ZoneNote } from '../../components/time.tsx'
import { usePage } from '../../state/page-context.ts'
import { tellDone, useAction } from '../../state/use-action.tsx'
import { MessageTrace } from '../routes/message-trace.tsx'
import { DiscardDialog } from './discard-dialog.tsx'
import { PagedRows, pageSize } from './paged-rows.tsx'
import { Payload } from './payload.tsx'
import { isPart, PayloadPart } from './payload-part.tsx'
import { PropertiesPart } from './properties-part.tsx'
import { RouteChoice } from './route-choice.tsx'
import { useTargetFacts } from './target-facts.tsx'

/** Messages that could not be routed, each with the reason. */
export function QuarantineTab() {
  const { link } = usePage()
  const [route, setRoute] = useState<string | null>(null)
  const [chosen, setChosen] = useState<Quarantined | null>(null)
  return (
    <PageFrame
      title="Quarantine"
      note={<ZoneNote />}
      drawer={chosen && <QuarantinedMessage message={chosen} onClose={() => setChosen(null)} />}
    >
      <PagedRows<Quarantined>
        queryKey={['quarantine', route]}
        load={(before) =>
          link.calls.messages.quarantine({
            limit: pageSize,
            ...(before !== undefined && { before }),
            ...(route !== null && { route }),
          })
        }
        keyOf={(row) => row.id}
        textOf={(row) => `${row.topic} ${row.reason} ${row.payload}`}
        name="quarantine"
        filters={<RouteChoice value={route} onChange={setRoute} />}
        label="Quarantined messages, newest first"
        heads={['Time', 'Route', 'Topic', 'Reason']}
        empty="Nothing is in quarantine. A message that cannot be decoded, or whose mapping fails, is kept here with the reason."
        selected={chosen?.id}
        onSelect={setChosen}
      >
        {(row) => (
          <>
            <span className="dim">
              <Time at={row.at} />
            </span>
            <span>{row.route}</span>
            <code>{row.topic}</code>
            <span title={row.reason}>{row.reason}</span>
          </>
        )}
      </PagedRows>
    </PageFrame>
  )
}

function QuarantinedMessage({ message, onClose }: { readonly message: Quarantined; readonly onClose: () => void }) {
  const target = useTargetFacts(message.target)
  return (
    <Drawer title={<code>{message.topic}</code>} label="Quarantined message" onClose={onClose}>
      <p>{message.reason}</p>
      <Facts
        facts={[
          ['when', <Time key="at" at={message.at} />],
          ['route', message.route],
          ...(message.broker === undefined ? [] : [['from broker', message.broker] as const]),
          ...(message.client === undefined ? [] : [['client', <code key="client">{message.client}</code>] as const]),
          ...target,
          ['number', message.id],
        ]}
      />
      <DrawerPart title="Payload">
        <Payload payload={message.payload} encoding={message.encoding} />
        <PayloadPart {...message} />
      </DrawerPart>
      <PropertiesPart properties={message.properties} />
      <DrawerPart title="What became of it">
        <MessageTrace key={`${message.at} ${message.topic}`} at={message.at} topic={message.topic} message={null} />
      </DrawerPart>
      <Settling key={message.id} message={message} onDone={onClose} />
    </Drawer>
  )
}

/** What can be done with a message in quarantine: send it again, as it is or put right, or give it up; or all of its route. */
function Settling({ message, onDone }: { readonly message: Quarantined; readonly onDone: () => void }) {
  const { busy, run } = useAction()
  const queries = useQueryClient()
  const [edited, setEdited] = useState<string | null>(null)
  const [asking, setAsking] = useState<'one' | 'all' | null>(null)
  const all = { route: message.route }
  const settle = async (what: 'send' | 'discard', choice: QuarantineChoice, payload?: string) => {
    const answer = await run(({ messages }) =>
      what === 'discard'
        ? messages.discardQuarantined({ choice })
        : messages.sendQuarantined('id' in choice ? { choice, ...(payload !== undefined && { payload }) } : { choice }),
    )
    setAsking(null)
    await queries.invalidateQueries({ queryKey: ['quarantine'] })
    if (!answer) return
    const left = answer.left > 0 ? ` ${counted(answer.left, 'message')} not whole, or in other hands: left here.` : ''
    tellDone(`${counted(answer.done, 'message')} ${what === 'send' ? 'sent again' : 'discarded'}.${left}`)
    onDone()
  }
  return (
    <DrawerPart title="Send or discard">
      {edited !== null && (
        <Textarea
          label="Payload to send"
          autosize
          maxRows={12}
          value={edited}
          onChange={(event) => setEdited(event.currentTarget.value)}
        />
      )}
      <Group gap="xs" mt="xs">
        {edited === null ? (
          <>
            {message.cutFrom === null && (
              <Button size="compact-sm" loading={busy} onClick={() => void settle('send', { id: message.id })}>
                Send again
              </Button>
            )}
            {message.encoding === 'utf8' && !isPart(message) && (
              <Button size="compact-sm" variant="default" onClick={() => setEdited(message.payload)}>
                Edit and send
              </Button>
            )}
            <Button size="compact-sm" variant="default" onClick={() => setAsking('one')}>
              Discard…
            </Button>
          </>
        ) : (
          <>
            <Button size="compact-sm" loading={busy} onClick={() => void settle('send', { id: message.id }, edited)}>
              Send this
            </Button>
            <Button size="compact-sm" variant="default" onClick={() => setEdited(null)}>
              Leave it as it was
            </Button>
          </>
        )}
      </Group>
      <Group gap="xs" mt="xs">
        <Button size="compact-sm" variant="default" loading={busy} onClick={() => void settle('send', all)}>
          Send all of {message.route}
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => setAsking('all')}>
          Discard all of {message.route}…
        </Button>
      </Group>
      {asking === 'one' && (
        <DiscardDialog
          act="Discard the message"
          command={`wheelhouse quarantine discard ${message.id}`}
          busy={busy}
          onDiscard={() => void settle('discard', { id: message.id })}
          onClose={() => setAsking(null)}
        >
          The message from <code>{message.topic}</code> is deleted.
        </DiscardDialog>
      )}
      {asking === 'all' && (
        <DiscardDialog
          act={`Discard all of ${message.route}`}
          command={`wheelhouse quarantine discard --route ${message.route}`}
          busy={busy}
          onDiscard={() => void settle('discard', all)}
          onClose={() => setAsking(null)}
        >
          Everything of route {message.route} in quarantine is deleted, 10,000 messages at most; what is on its way out
          of there stays.
        </DiscardDialog>
      )}
    </DrawerPart>
  )
}
