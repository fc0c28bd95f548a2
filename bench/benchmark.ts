/** What `bench/<name>.ts` exports as its default: one benchmark. */
export interface Benchmark {
  /** One sentence: what is measured, on what, against what. */
  readonly what: string
  /** Peers that can be measured in the same run, with what each is; asked for with `--peer NAME`. */
  readonly peers?: Readonly<Record<string, string>>
  /** What can be measured by itself, asked for with `--only PART`. */
  readonly parts?: readonly string[]
  run(context: BenchContext): Promise<readonly Measurement[]>
}

export interface BenchContext {
  /** The peer to measure beside, or null: the first of {@link peers}. */
  readonly peer: string | null
  /** All that were asked for, each one of the benchmark's own `peers`. */
  readonly peers: readonly string[]
  /** How often to measure what is measured several times, from `--rounds`. */
  readonly rounds: number
  /** Whether one of the benchmark's parts was asked for: all are when none is named. */
  wants(part: string): boolean
  /** A folder for this run alone, removed afterwards. */
  readonly folder: string
  /** Says what is going on; shown while the benchmark runs. */
  note(line: string): void
}

/** A figure, and the bar that it must meet if there is one. Prefer ratios: absolute times say more about the machine. */
export interface Measurement {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly bar?: { readonly atLeast: number } | { readonly atMost: number }
}

/** A row of `bench/results/NAME.json`. `bar` is `>= 0.9`, `<= 100`, or null where the figure is for information. */
export interface Bar {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly bar: string | null
  readonly ok: boolean
}

/** Judges a measurement. A figure that is not a number meets no bar. */
export function judge({ what, value, unit, bar }: Measurement): Bar {
  if (!bar) return { what, value, unit, bar: null, ok: true }
  return 'atLeast' in bar
    ? { what, value, unit, bar: `>= ${bar.atLeast}`, ok: value >= bar.atLeast }
    : { what, value, unit, bar: `<= ${bar.atMost}`, ok: value <= bar.atMost }
}

/** The value below which a share (0 to 1) of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** The middle of the samples: what to compare when runs are paired. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}
