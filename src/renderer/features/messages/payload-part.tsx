import { bytes as inBytes } from '../../components/figures.ts'

interface KeptPayload {
  readonly payload: string
  readonly encoding: 'utf8' | 'hex'
  /** Of the whole of it. */
  readonly bytes: number
}

/** Whether a page shows the beginning of a payload only. */
export function isPart({ payload, encoding, bytes }: KeptPayload): boolean {
  return (encoding === 'hex' ? payload.length / 2 : new TextEncoder().encode(payload).length) < bytes
}

/** Says so where only the beginning of a payload is shown. */
export function PayloadPart(message: KeptPayload) {
  if (!isPart(message)) return null
  return <p className="dim">This is its beginning. All of it is {inBytes(message.bytes)}.</p>
}
