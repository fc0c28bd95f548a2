import type { StartupView } from '#shared/contract/startup.ts'
import type { AttentionView, ConsoleView, JobView, ServiceView, SiteView } from '#shared/contract/state.ts'
import { startupText } from '../../console/launch/index.ts'
import { exitCodes } from '../exit-code.ts'
import { firstState } from '../first-state.ts'
import { progressLine } from '../watch-job.ts'
import { bytes, moment, shortened, table } from '../words.ts'
import { type CommandContext, show } from './context.ts'

export interface Status {
  readonly live: boolean
  readonly console: ConsoleView | null
  readonly site: SiteView | null
  readonly services: readonly ServiceView[]
  readonly startup: StartupView | null
  readonly jobs: readonly JobView[]
  readonly attention: readonly AttentionView[]
}

/** `wheelhouse status`: the site, its services, what needs attention. */
export async function status(context: CommandContext): Promise<number> {
  await using reached = await context.reach('any')
  const state = await firstState(reached.connection)
  const document: Status = {
    live: reached.live,
    console: state.console.console ?? null,
    site: state.site.site ?? null,
    services: Object.values(state.services),
    startup: state.startup.startup ?? null,
    jobs: Object.values(state.jobs).filter((job) => job.state === 'running'),
    attention: Object.values(state.attention).filter((card) => !card.dismissed),
  }
  show(context, document, statusText(document))
  return exitCodes.done
}

export function statusText({ live, console, site, services, startup, jobs, attention }: Status): string {
  const host =
    live && console
      ? `Console: ${console.host}, version ${console.version}, ${console.environment.name}`
      : 'Console: none runs for this site'
  if (!site) {
    const why = console?.problem ? `${console.problem.message}\n${console.problem.remedy}` : 'No site is open.'
    return `${why}\n${host}`
  }
  const zone = site.zone
  const paragraphs = [
    `${site.name}${site.sample ? ' (sample)' : ''}: ${site.health}${scoreWords(site)}. ${site.sentence}\n${site.directory}\n${host}`,
    ...(site.leftOut.length > 0
      ? [`Left out of this start:\n${site.leftOut.map(({ service, why }) => `  ${service}  ${why}`).join('\n')}`]
      : []),
    ...(services.length > 0 ? [servicesTable(services, zone)] : site.trust === null ? ['No services.'] : []),
    ...(site.config.valid
      ? []
      : [site.config.problems.map(({ file, line, message }) => `${file}:${line ?? '?'}  ${message}`).join('\n')]),
    ...(site.trust
      ? [
          'Nothing of this site runs until what it would run has been seen and trusted: on the console’s page, or with "wheelhouse trust".',
        ]
      : []),
    ...(live && startup && startup.state !== 'done' ? [`Start: ${startupText(startup, false)}`] : []),
    ...(jobs.length > 0 ? [jobs.map(progressLine).join('\n')] : []),
    ...(attention.length > 0
      ? [attention.map(({ severity, title, why }) => `${severity}: ${title}. ${why}`).join('\n')]
      : []),
  ]
  return paragraphs.join('\n\n')
}

/** ", 92 of 100 and falling". */
function scoreWords({ score }: SiteView): string {
  if (score.value === null) return ''
  return `, ${score.value} of 100${score.trend && score.trend !== 'steady' ? ` and ${score.trend}` : ''}`
}

function servicesTable(services: readonly ServiceView[], zone: string): string {
  return table(
    ['SERVICE', 'STATE', 'HEALTH', 'SINCE', 'PID', 'CPU', 'MEMORY', 'RESTARTS', 'WHY'],
    services.map((service) => [
      service.id,
      service.state,
      service.health,
      moment(service.since, zone),
      service.pid === null ? '–' : String(service.pid),
      service.cpu === null ? '–' : `${service.cpu.toFixed(0)} %`,
      bytes(service.memory),
      String(service.restarts),
      // The whole of it is in --json; what is wrong is told in full below the table.
      shortened(service.reason, 90),
    ]),
    ['PID', 'CPU', 'MEMORY', 'RESTARTS'],
  )
}
