import { resolvePages, type SiteDefinition, type Variables } from '#core/config/index.ts'
import type { RunCheck } from '#core/health/index.ts'
import type { RouteView, ServiceView, TrafficView } from '#shared/contract/state.ts'
import { counted, findingOf } from './findings.ts'
import type { CheckFinding } from './types.ts'

/** How long one page may take. Milliseconds. */
const timeoutMs = 5_000

export interface ReachGround {
  readonly definition: SiteDefinition
  readonly variables: Variables
  readonly ask: RunCheck
}

/** Asks one dependency how it is now, as the local proxy does: with its headers. */
export type AskDependency = (
  id: string,
  signal: AbortSignal,
) => Promise<{ readonly ok: boolean; readonly sentence: string }>

/** Every API outside the site that its services call answers: at the path of its check, else its port takes connections. */
export async function checkApis(
  definition: SiteDefinition,
  ask: AskDependency,
  signal: AbortSignal,
): Promise<CheckFinding> {
  const answers = await Promise.all(
    Object.values(definition.dependencies).map(async ({ id, title }) => ({ ...(await ask(id, signal)), id, title })),
  )
  return findingOf(
    answers.flatMap(({ ok, sentence, title }) => (ok ? [] : [`${title}: ${sentence}.`])),
    {
      about: answers.flatMap(({ id, ok }) => (ok ? [] : [`dependency:${id}`])),
      count: answers.length,
      none: 'The services call nothing outside the site (dependencies in site.yaml).',
      good: answers.map(({ sentence, title }) => `${title}: ${sentence}.`).join(' '),
      bad: 'Not everything outside the site can be reached',
    },
  )
}

export interface RoutesGround extends ReachGround {
  readonly services: Readonly<Record<string, ServiceView>>
  readonly routes: Readonly<Record<string, RouteView>>
  readonly traffic: TrafficView | undefined
}

interface Fault {
  readonly about: string
  readonly sentence: string
}

/** The router has its broker and no route fails; every page of a running service answers. */
export async function checkRoutes(ground: RoutesGround, signal: AbortSignal): Promise<CheckFinding> {
  const { definition, variables, ask, services, routes, traffic } = ground
  const on = Object.values(routes).filter((route) => route.on)
  const isRouterOff = definition.parts.router === false || traffic?.router === 'off'
  const faults: Fault[] = isRouterOff
    ? []
    : on.flatMap(({ id, refused }) =>
        refused === null ? [] : [{ about: `route:${id}`, sentence: `Route ${id} is not loaded: ${refused}` }],
      )
  if (!isRouterOff && on.length > 0 && traffic && traffic.router !== 'connected') {
    const sentence = 'The router is not connected to the broker, so no message is routed.'
    faults.unshift({ about: 'broker', sentence })
  }
  const running = Object.values(definition.services).filter(({ id }) => services[id]?.state === 'running')
  const pages = running.flatMap((service) =>
    resolvePages(service, definition, variables).map((page) => ({ ...page, id: service.id })),
  )
  const answers = await Promise.all(
    pages.map(async ({ id, title, url }) => {
      const { ok, sentence } = await ask({ type: 'http', url, status: null }, timeoutMs, signal)
      return ok ? [] : [{ about: `service:${id}`, sentence: `Page ${title} of ${id}: ${sentence}.` }]
    }),
  )
  const parts = [
    ...(isRouterOff || on.length === 0 ? [] : [counted(on.length, 'message route')]),
    ...(pages.length === 0 ? [] : [counted(pages.length, 'page')]),
  ]
  const all = [...faults, ...answers.flat()]
  const told = all.map(({ sentence }) => sentence)
  return findingOf(told, {
    about: all.map(({ about }) => about),
    count: parts.length,
    none: 'No message route is on and no page of a running service is declared.',
    good: `${parts.join(' and ')}: all answer as they should.`,
    bad: 'Not all routes work',
  })
}
