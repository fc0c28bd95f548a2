import { type Clock, type Logger, newId } from '#core/platform/index.ts'
import type { RecoveryRecord, RecoveryState, StoreReport } from './recovery-record.ts'
import type { StoreRecord } from './store-record.ts'

export interface StoreReportsOptions {
  readonly record: StoreRecord
  readonly clock: Clock
  readonly logger: Logger
}

/** Keeps what the operator must be told about a database until it stands in the event log. */
export class StoreReports {
  readonly #options: StoreReportsOptions

  constructor(options: StoreReportsOptions) {
    this.#options = options
  }

  /** Together with what changes by it: durable where that can be written at present, else for this run. */
  async add(
    record: RecoveryRecord,
    report: Pick<StoreReport, 'kind' | 'message' | 'data'>,
    change: Partial<Omit<RecoveryState, 'format' | 'reports'>> = {},
  ): Promise<void> {
    const { clock, record: store, logger } = this.#options
    const whole: StoreReport = {
      id: newId('sr'),
      at: clock.wall(),
      seenMs: store.seenMs(),
      by: 'damage',
      told: false,
      ...report,
    }
    await record.changeIfPossible({ ...change, reports: [...record.state.reports, whole] }, logger)
  }
}
