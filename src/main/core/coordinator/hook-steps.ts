import type { HookName } from '#core/config/index.ts'
import type { Input } from './machine.ts'
import type { Turn } from './machine-turn.ts'
import { bare } from './turn-words.ts'

/**
 * The callbacks of a site as steps of the state machine. One runs at a time, and whatever must come after it waits until it has
 * ended: a start for `before-start` and for the `after-stop` of the run before, the end of a child for `before-stop`. Each is
 * killed after its own time, so that none holds up more than that.
 */

/** Runs a callback when the service has it; says whether it does. */
export function runHook(turn: Turn, name: HookName): boolean {
  const hook = turn.service.hooks[name]
  if (!hook) return false
  turn.set({ hook: name, hookCalledOff: false })
  turn.act({ do: 'hook', generation: turn.machine.generation, hook: name, ms: hook.timeoutMs })
  return true
}

/** Ends the callback under way: what waits for it goes on when it is gone. */
export function endHook(turn: Turn, force: boolean): Turn {
  const { hook, generation } = turn.machine
  return hook === null ? turn : turn.set({ hookCalledOff: true }).act({ do: 'end-hook', generation, force })
}

/** The child lives and is to end: `before-stop` comes first, unless it is to be killed. */
export function endChild(turn: Turn): Turn {
  const { hook, force } = turn.machine
  if (force) return endHook(turn, true).end()
  if (hook === 'before-stop') return turn
  if (hook !== null) return endHook(turn, false)
  return runHook(turn, 'before-stop') ? turn : turn.end()
}

/** The child is gone, asked or not: `after-stop` follows, unless it was killed. */
export function childGone(turn: Turn): Turn {
  const { hook, force, state } = turn.machine
  if (hook !== null) return hook === 'before-stop' && !force ? turn : endHook(turn, true)
  if (!force && runHook(turn, 'after-stop')) return turn
  if (state === 'stopping') return turn.ended()
  return state === 'starting' ? turn.beginOrWait() : turn // a start that had to wait for the callback
}

/** A callback has ended: tells how, and takes the step that waited for it. */
export function hookEnded(turn: Turn, ended: Extract<Input, { type: 'hook-ended' }>): Turn {
  const { hook, state, child, hookCalledOff } = turn.machine
  if (hook !== ended.hook) return turn
  turn.set({ hook: null })
  if (!hookCalledOff) tellHook(turn, ended)
  switch (hook) {
    case 'before-start':
      if (state === 'stopping') return turn.ended()
      return ended.ok ? turn.launchChildOrWait() : notBegun(turn, ended)
    case 'after-start':
    case 'before-stop':
      if (child === 'none') return childGone(turn)
      if (state !== 'stopping') return turn
      return hook === 'before-stop' ? turn.end() : endChild(turn)
    case 'after-stop':
      if (state === 'stopping') return turn.ended()
      return state === 'starting' && child === 'none' ? turn.beginOrWait() : turn
  }
}

function tellHook(turn: Turn, { hook, ok, sentence, log, ms }: Extract<Input, { type: 'hook-ended' }>): void {
  const data = { hook, ms, log: [...log] }
  if (ok) turn.emit('hookRan', 'info', `ran its ${hook} callback`, 'cycle', { data })
  else {
    const last = log.length === 0 ? '' : ` Its last lines: ${log.join(' ⏎ ')}`
    turn.emit('hookFailed', 'warning', `: its ${hook} callback ${bare(sentence)}.${last}`, 'cycle', { data })
  }
}

/** A start whose `before-start` failed is a start that failed: told, counted, and tried again while the budget lasts. */
function notBegun(turn: Turn, { sentence, log }: Extract<Input, { type: 'hook-ended' }>): Turn {
  const why = `its before-start callback ${bare(sentence)}`
  turn.unhealthy(`cannot start: ${why}`, 'previous')
  if (turn.service.restart.policy === 'never') {
    return turn.failed(`${why}, and site.yaml says not to start it again`, log, 'previous')
  }
  return turn.backOffOrFail(why, log)
}
