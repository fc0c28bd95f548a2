import type { RouteStagesView } from '#shared/contract/state.ts'
import { bare } from './words.ts'

/** Where the messages of the last minute end before they reach a target. */
export interface StageEnd {
  /** To stand inside a sentence: "all 212 messages of the last minute ended at `validate`: battery must be <= 100". */
  readonly clause: string
  /** Whether none of them got further. */
  readonly all: boolean
  /** Whether they went to quarantine there, and not only by what the route says. */
  readonly failed: boolean
}

/** The one stage at which more than half of the messages of the last minute ended; null when there is none. */
export function stageEnd(view: RouteStagesView | undefined): StageEnd | null {
  const total = view?.stages[0]?.minute.in ?? 0
  if (!view || total === 0) return null
  for (const { stage, minute, reason, client } of view.stages) {
    const ends = minute.ended + minute.failed
    if (ends * 2 <= total) continue
    const all = ends >= total
    const which = total === 1 ? 'the only message' : all ? `all ${total} messages` : `${ends} of the ${total} messages`
    const failed = minute.failed > 0
    const why = failed && reason !== null ? `: ${withoutStage(reason)}${fromClient(client)}` : byRule[stage]
    return { clause: `${which} of the last minute ended at \`${stage}\`${why}`, all, failed }
  }
  return null
}

/** What it means that a message ends at a stage without having failed there. */
const byRule: Readonly<Record<RouteStagesView['stages'][number]['stage'], string>> = {
  payload: '',
  where: ', which lets none of them through',
  validate: '',
  limit: ', as they came too soon after another',
  tag: ', as they were for none of the targets',
  key: '',
  enrich: '',
  map: ', as its function gave nothing for them',
  batch: '',
}

/** Who published the newest of them. An id is a device's own choice, so what would break a line is left out. */
function fromClient(client: string): string {
  return client === '' ? '' : ` (the last of them from client ${client.replaceAll(/\p{Cc}/gu, '\uFFFD')})`
}

/** Reasons name their stage; here it is named already. */
function withoutStage(reason: string): string {
  return bare(reason.replace(/^"[a-z.]+" (?:refused it|failed): /, ''))
}
