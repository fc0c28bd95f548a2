import type { DeviceView } from '#shared/contract/devices.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, historyOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, goTo, stateEvidence } from './finding.ts'
import { whyBroker } from './why-messages.ts'
import { inside, sentenceClock } from './words.ts'

/** Why a device is as it is: what it sent last, what was said of it, and whether its broker can be listened to at all. */
export function whyDevice(key: string, facts: WhyFacts): Finding {
  const subject = `device:${key}`
  const device = facts.device
  const history = historyOf(facts, subject)
  const [newest] = history
  const events = eventsEvidence(newest ? chainOf(facts, newest.id) : [])
  const cards = cardsOf(facts, (card) => card.subject === subject)
  const clock = sentenceClock(facts.zone, facts.now)
  if (!device) {
    const sentence = `No device ${key} is known any more.`
    return { subject, title: key, health: 'unknown', sentence, root: subject, evidence: events, fixes: [] }
  }
  const { title, state, since, lastAt, reason, topic, client } = device
  const heard = lastAt === null ? 'it has never been heard' : `it was heard last ${clock.when(lastAt)}`
  const own = stateEvidence(subject, `${title}: ${reason}`, { at: since, event: newest?.id ?? null })
  const finding = (sentence: string, behind: Partial<Finding> = {}): Finding => ({
    subject,
    title,
    health: healthOf(device),
    sentence,
    root: behind.root ?? subject,
    evidence: [
      own,
      ...(client ? [stateEvidence(subject, clientWords(device))] : []),
      ...figuresOut(device).map((words) => stateEvidence(subject, `${words}.`, { at: since })),
      ...(behind.evidence ?? []),
      ...cards.map(cardEvidence),
      ...events,
    ],
    fixes: distinctFixes([
      ...(behind.fixes ?? []),
      ...(topic === '' ? [] : [goTo('Look at its messages', `/messages?filter=${encodeURIComponent(topic)}`)]),
    ]),
  })
  switch (state) {
    case 'unknown': {
      const broker = brokerBehind(device, facts)
      const link = `the link to its broker has been away since ${clock.at(since)}`
      return finding(`Nobody can tell how ${title} is: ${heard}, and ${link}: ${inside(broker.sentence)}.`, broker)
    }
    case 'silent':
    case 'offline': {
      const seen = state === 'silent' ? ` (${heard})` : ''
      const hint = client ? `; ${clientWords(device).replace(/\.$/, '')}` : ''
      return finding(`${title} is ${state} since ${clock.at(since)}: ${inside(reason)}${seen}${hint}.`)
    }
    case 'never':
      return finding(`Nothing has come from ${title} yet, since the console listens to its topics.`)
    case 'online': {
      const [out] = figuresOut(device)
      return finding(
        out
          ? `${title} is online, but ${out}.`
          : `Nothing is wrong with ${title}: it is online since ${clock.at(since)}, and ${heard}.`,
      )
    }
  }
}

/** Why its broker is away: the first one of the site, or another that site.yaml names for it. */
function brokerBehind({ broker }: DeviceView, facts: WhyFacts): Pick<Finding, 'sentence'> & Partial<Finding> {
  const links = facts.shown.traffic.traffic?.links ?? []
  const link = links.slice(1).find((one) => one.broker === broker)
  if (!link) return whyBroker(facts)
  const sentence = `${link.broker} at ${link.address}: ${link.lastError ?? 'the router has not been connected to it yet'}`
  const own = stateEvidence('broker', `${sentence.replace(/\.$/, '')}.`, { at: link.lastErrorAt ?? link.since })
  return { sentence, evidence: [own] }
}

function figuresOut({ figures }: DeviceView): readonly string[] {
  return figures.flatMap(({ name, value, unit, out, limit }) => {
    const behind = unit === null ? '' : ` ${unit}`
    return out === null ? [] : [`its ${name} is ${value}${behind}, ${out} ${limit}${behind}`]
  })
}

function clientWords({ client }: DeviceView): string {
  if (!client) return ''
  return client.connected
    ? `its client ${client.id} is connected to the broker${client.address === null ? '' : ` from ${client.address}`}.`
    : `its client ${client.id} is not connected to the broker.`
}

function healthOf({ state, required, figures, troubled }: DeviceView): Health {
  if (state === 'unknown') return 'unknown'
  if (state === 'never') return troubled ? 'unhealthy' : 'unknown'
  if (state !== 'online') return required ? 'unhealthy' : 'degraded'
  return figures.some(({ out }) => out !== null) ? 'degraded' : 'healthy'
}
