import { byId, text } from './schema-leaves.ts'

/** The phases of a site that names none: in this order. */
export const defaultPhases: Readonly<Record<string, string>> = {
  'core-infrastructure': 'Core infrastructure',
  'database-and-storage': 'Database and storage',
  'external-services': 'External services',
  'ai-services': 'AI services',
  'business-services': 'Business services',
  'integration-layers': 'Integration layers',
  'real-time-systems': 'Real-time systems',
  'health-validation': 'Health validation',
}

/** `phases`: the headings of the site in their order. */
export const phasesSchema = byId('titles', text('a title such as `Core infrastructure`'))
  .optional()
  .meta({
    words: 'map',
    description: `Headings that services are started and listed under, id and title, in their order. A service must not need one of a later phase; apart from that phases hold nothing back. Without it: ${Object.keys(
      defaultPhases,
    )
      .map((id) => `\`${id}\``)
      .join(', ')}.`,
  })
