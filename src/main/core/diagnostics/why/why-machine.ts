import { sizeInWords } from '#shared/size-words.ts'
import type { Health } from '#shared/vocabulary.ts'
import { chainOf, type WhyFacts } from './facts.ts'
import { cardEvidence, cardsOf, distinctFixes, eventsEvidence, type Finding, stateEvidence } from './finding.ts'
import { inside } from './words.ts'

/** Shares of what there is, below or above which the machine is called tight. */
const tight = { diskFree: 0.05, memoryUsed: 0.95, cpuPercent: 95 }

/** Why the machine is well or not: what it has left, and what needs attention of it. */
export function whyMachine(facts: WhyFacts): Finding {
  const { machine } = facts.shown.machine
  const cards = cardsOf(facts, ({ subject, dismissed }) => subject === 'machine' && !dismissed)
  const finding = (health: Health, sentence: string, figures: readonly string[]): Finding => ({
    subject: 'machine',
    title: 'This machine',
    health,
    sentence,
    root: 'machine',
    evidence: [
      ...figures.map((figure) => stateEvidence('machine', figure, { at: machine?.at ?? null })),
      ...cards.map(cardEvidence),
      ...cards.flatMap(({ event }) => eventsEvidence(chainOf(facts, event).slice(1))),
    ],
    fixes: distinctFixes(cards.flatMap(({ fixes }) => fixes)),
  })
  if (!machine)
    return finding(
      'unknown',
      'Nothing is known of this machine yet: its figures are measured while a site is open.',
      [],
    )
  const { cpu, memory, disk, temperature } = machine
  const free = disk
    ? `${sizeInWords(disk.free)} of ${sizeInWords(disk.total)} free on the disk of ${disk.path}`
    : 'disk not known'
  const used = `${sizeInWords(memory.used)} of ${sizeInWords(memory.total)} memory in use`
  const busy = `CPU at ${Math.round(cpu.percent)} % of ${cpu.cores} cores`
  const figures = [
    `${free}.`,
    `${used}.`,
    `${busy}.`,
    ...(temperature === null ? [] : [`${Math.round(temperature)} °C.`]),
  ]
  const [card] = cards
  if (card) return finding('degraded', `This machine needs attention: ${card.title}: ${inside(card.why)}.`, figures)
  if (disk && disk.free < disk.total * tight.diskFree)
    return finding('degraded', `This machine is short of disk space: ${free}.`, figures)
  if (memory.used > memory.total * tight.memoryUsed)
    return finding('degraded', `This machine is short of memory: ${used}.`, figures)
  if (cpu.history.length > 0 && cpu.history.every((value) => value > tight.cpuPercent)) {
    return finding('degraded', `This machine has been busy for two minutes: ${busy}.`, figures)
  }
  return finding('healthy', `Nothing is wrong with this machine: ${busy}, ${used}, ${free}.`, figures)
}
