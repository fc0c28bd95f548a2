import type { ServiceDefinition, SiteDefinition } from '#core/config/index.ts'
import { type Effect, type Input, type Machine, newMachine } from '#core/coordinator/machine.ts'
import { judgeNeeds, type Peer } from '#core/coordinator/needs.ts'
import { dependentsOf, startSet, stopSet } from '#core/coordinator/planner.ts'
import { step } from '#core/coordinator/service-machine.ts'

/** What the processes of a service are like, drawn anew for each of its children. Milliseconds. */
export interface Character {
  readonly startsIn: number
  readonly cannotStart: boolean
  /** Until it ends by itself; null: it runs on. */
  readonly livesFor: number | null
  readonly endsWell: boolean
  /** After being asked; null: it must be killed. */
  readonly endsIn: number | null
  readonly answersAfter: number
  readonly passes: boolean
  readonly hookTakes: number
  readonly hookPasses: boolean
}

interface Simulated {
  readonly service: ServiceDefinition
  machine: Machine
  character: Character
  /** Processes of the service that exist: the child, and a callback. */
  alive: number | null
  hook: { readonly name: string; readonly generation: number } | null
  /** Launches by itself since a person last ordered it or it was forgiven, on the clock. */
  launches: number[]
}

/**
 * A site whose processes are only numbers and whose clock is moved by hand: the real planner, needs and state machines, driven by a
 * queue of what will happen. Everything that must never be is noted as a problem.
 */
export class SimulatedSite {
  readonly problems: string[] = []
  now = 0
  #made = 0
  #due: { readonly at: number; readonly order: number; readonly act: () => void; off: boolean }[] = []
  readonly #timers = new Map<string, { off: boolean }>()
  readonly #services = new Map<string, Simulated>()
  readonly #definition: SiteDefinition
  readonly #random: () => number
  readonly #draw: () => Character

  constructor(definition: SiteDefinition, random: () => number, draw: () => Character) {
    this.#definition = definition
    this.#random = random
    this.#draw = draw
    for (const service of Object.values(definition.services)) {
      const machine = newMachine(service)
      this.#services.set(service.id, { service, machine, character: draw(), alive: null, hook: null, launches: [] })
    }
    for (const one of this.#services.values()) this.#tellNeeds(one)
  }

  get machines(): readonly Machine[] {
    return [...this.#services.values()].map(({ machine }) => machine)
  }

  get alive(): number {
    return [...this.#services.values()].filter(({ alive, hook }) => alive !== null || hook !== null).length
  }

  start(named: readonly string[]): void {
    for (const id of startSet(this.#definition, named)) {
      if (!named.includes(id) && !this.#definition.services[id]?.enabled) continue
      this.#order(id, { type: 'start', named: named.includes(id) })
    }
  }

  restart(id: string): void {
    this.#order(id, { type: 'restart' })
  }

  kill(): void {
    for (const id of this.#services.keys()) this.#order(id, { type: 'kill' })
  }

  /** Each as soon as those of them that need it are down, as the coordinator does. */
  stop(named: readonly string[]): void {
    const set = stopSet(this.#definition, named)
    const down = (id: string) => {
      const { state, wanted } = this.#of(id).machine
      return wanted || state === 'stopped' || state === 'completed' || state === 'failed' || state === 'external'
    }
    const left = new Set(set)
    const turn = () => {
      for (const id of set) {
        const { machine } = this.#of(id)
        const up = machine.state === 'running' || machine.state === 'starting'
        if (!left.has(id) || (up && !dependentsOf(this.#definition, id).every((other) => down(other)))) continue
        left.delete(id)
        this.#order(id, { type: 'stop' })
      }
      if (left.size > 0) this.after(5, turn)
    }
    turn()
  }

  after(ms: number, act: () => void): { off: boolean } {
    const due = { at: this.now + ms, order: this.#made++, act, off: false }
    this.#due.push(due)
    return due
  }

  /** Lets this much time pass, or all that is due when that is sooner. */
  run(ms: number): void {
    const goal = this.now + ms
    for (;;) {
      let next = -1
      for (const [index, { at, order }] of this.#due.entries()) {
        const best = this.#due[next]
        if (at <= goal && (!best || at < best.at || (at === best.at && order < best.order))) next = index
      }
      const [due] = next < 0 ? [] : this.#due.splice(next, 1)
      if (!due) break
      this.now = due.at
      if (!due.off) due.act()
    }
    this.now = goal
  }

  #of(id: string): Simulated {
    const found = this.#services.get(id)
    if (!found) throw new Error(`The simulated site has no ${id}.`)
    return found
  }

  #order(id: string, input: Input): void {
    this.#of(id).launches = []
    this.#feed(id, input)
  }

  readonly #peer = (id: string): Peer => this.#services.get(id)

  #feed(id: string, input: Input): void {
    const one = this.#of(id)
    const before = one.machine
    const taken = step(before, one.service, input, { now: this.now, chance: this.#random() })
    one.machine = taken.machine
    const { state, reason, wanted } = one.machine
    if (state !== 'backing-off') this.#cancel(`${id} pause`)
    if (state !== 'starting') this.#cancel(`${id} startup`)
    if (reason.trim() === '') this.#wrong(id, `is ${state} without a reason`)
    if (state === 'waiting' && !/^Waits for \S/.test(reason)) this.#wrong(id, `waits for nothing: ${reason}`)
    if (state === 'failed' && !wanted) this.#wrong(id, 'has failed though nobody wants it')
    for (const effect of taken.effects) this.#act(one, effect)
    for (const other of dependentsOf(this.#definition, id)) this.#tellNeeds(this.#of(other))
  }

  #tellNeeds(one: Simulated): void {
    const { unmet, trouble, generations } = judgeNeeds(one.service, this.#peer)
    const { machine } = one
    const same = one.service.follows.every((id) => machine.generations[id] === generations[id])
    if (machine.unmet === unmet && machine.trouble === trouble && same) return
    this.#feed(one.service.id, { type: 'needs', unmet, trouble, generations })
  }

  #act(one: Simulated, effect: Effect): void {
    const { id } = one.service
    switch (effect.do) {
      case 'launch':
        this.#launch(one, effect.generation)
        break
      case 'end':
        this.#end(one, effect)
        break
      case 'hook':
        this.#runHook(one, effect)
        break
      case 'end-hook':
        this.#hookGone(one, effect.generation, effect.force ? 0 : 50, false)
        break
      case 'watch':
        this.#cancel(`${id} probes`)
        if (effect.probes.length > 0) this.#ask(one, effect)
        break
      case 'startup-deadline':
        this.#arm(`${id} startup`, effect.ms, () =>
          this.#feed(id, { type: 'startup-late', generation: effect.generation }),
        )
        break
      case 'pause':
        this.#arm(`${id} pause`, effect.ms, () => this.#feed(id, { type: 'pause-over', generation: effect.generation }))
        break
      case 'forgive':
        this.#cancel(`${id} forgive`)
        if (effect.ms === null) break
        this.#arm(`${id} forgive`, effect.ms, () => {
          one.launches = []
          this.#feed(id, { type: 'forgiven', generation: effect.generation })
        })
        break
      case 'emit':
      case 'raise':
      case 'clear':
        break
    }
  }

  #launch(one: Simulated, generation: number): void {
    const { service } = one
    const { unmet } = judgeNeeds(service, this.#peer)
    if (unmet !== null) this.#wrong(service.id, `is started before its needs: ${unmet}`)
    if (one.alive !== null) this.#wrong(service.id, 'is started while a child of it lives')
    if (one.hook !== null) this.#wrong(service.id, `is started while its ${one.hook.name} runs`)
    if (Object.keys(service.needs).length === 0) this.#countLaunch(one)
    one.character = this.#draw()
    const { startsIn, cannotStart, livesFor, endsWell } = one.character
    this.after(startsIn, () => {
      if (cannotStart) {
        this.#feed(service.id, { type: 'not-launched', generation, reason: 'no memory', retry: true })
        return
      }
      one.alive = generation
      if (livesFor !== null) this.after(livesFor, () => this.#exit(one, generation, endsWell))
      this.#feed(service.id, { type: 'launched', generation, pid: generation })
    })
  }

  /** A service that waits for no other is never started by itself more often than its budget says. */
  #countLaunch(one: Simulated): void {
    const { starts, perMs } = one.service.restart.budget
    one.launches = [...one.launches.filter((at) => this.now - at < perMs), this.now]
    if (one.launches.length > starts)
      this.#wrong(one.service.id, `was started ${one.launches.length} times in its window`)
  }

  #end(one: Simulated, { generation, force }: Extract<Effect, { do: 'end' }>): void {
    const { endsIn } = one.character
    const { withinMs } = one.service.stop
    this.after(force ? 1 : Math.min(endsIn ?? withinMs, withinMs), () => this.#exit(one, generation, false))
  }

  #exit(one: Simulated, generation: number, ok: boolean): void {
    if (one.alive !== generation) return
    one.alive = null
    const sentence = ok ? 'exited with code 0' : 'exited with code 1'
    this.#feed(one.service.id, { type: 'exited', generation, sentence, ok, log: ['its last line'] })
    // A second report of the same end, late: it must change nothing.
    this.after(400, () => this.#feed(one.service.id, { type: 'exited', generation, sentence: 'stale', ok, log: [] }))
  }

  #runHook(one: Simulated, { hook, generation, ms }: Extract<Effect, { do: 'hook' }>): void {
    const { id } = one.service
    if (one.hook !== null) this.#wrong(id, `runs ${hook} while its ${one.hook.name} runs`)
    if ((hook === 'before-start' || hook === 'after-stop') && one.alive !== null)
      this.#wrong(id, `runs ${hook} while it lives`)
    one.hook = { name: hook, generation }
    const { hookTakes, hookPasses } = one.character
    this.#hookGone(one, generation, Math.min(hookTakes, ms), hookPasses && hookTakes < ms)
  }

  #hookGone(one: Simulated, generation: number, ms: number, ok: boolean): void {
    const running = one.hook
    if (!running) return
    this.after(ms, () => {
      if (one.hook !== running) return
      one.hook = null
      const hook = hookNames.find((name) => name === running.name) ?? 'after-stop'
      const sentence = ok ? 'exited with code 0' : 'exited with code 1'
      this.#feed(one.service.id, { type: 'hook-ended', generation, hook, ok, sentence, log: [], ms })
    })
  }

  #ask(one: Simulated, { generation, probes }: Extract<Effect, { do: 'watch' }>): void {
    const { id } = one.service
    const ask = () => {
      for (const probe of probes) {
        const passing = one.character.passes && (one.alive === generation || one.service.kind === 'external')
        const verdict = passing ? 'passing' : 'failing'
        this.#feed(id, { type: 'probed', generation, probe, verdict, sentence: passing ? '200' : '503' })
        if (this.#timers.get(`${id} probes`) !== timer) return // what the answer led to ended this watch
      }
      if (one.service.kind === 'external' && this.#random() < 0.2) one.character = this.#draw()
      timer = this.#arm(`${id} probes`, 2_000 + this.#random() * 8_000, ask)
    }
    let timer = this.#arm(`${id} probes`, one.character.answersAfter, ask)
  }

  #arm(name: string, ms: number, act: () => void): { off: boolean } {
    this.#cancel(name)
    const timer = this.after(ms, act)
    this.#timers.set(name, timer)
    return timer
  }

  #cancel(name: string): void {
    const timer = this.#timers.get(name)
    if (timer) timer.off = true
    this.#timers.delete(name)
  }

  #wrong(id: string, what: string): void {
    this.problems.push(`at ${Math.round(this.now)} ms ${id} ${what}`)
  }
}

const hookNames = ['before-start', 'after-start', 'before-stop', 'after-stop'] as const
