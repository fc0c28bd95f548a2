/** Which client of the embedded broker published a message. One object stands for all messages of that client. */
export interface Sender {
  readonly client: string
  /** As whom it is logged in; null: it needed no password. */
  readonly user: string | null
}

/** Stands between the parts of a mark: the broker takes no client id that holds it. */
const between = '\0'

/** Senders that are remembered by their marks. */
const mostKnown = 20_000

/** A client in one text, as the embedded broker hands it to the router with each message; empty: the broker itself. */
export function senderMark(client: string, user: string | null): string {
  return user === null ? client : `${client}${between}${user}`
}

/** Reads marks. */
export class Senders {
  readonly #known = new Map<string, Sender>()

  /** Null for one that no client published. */
  of(mark: string): Sender | null {
    if (mark === '') return null
    const known = this.#known.get(mark)
    if (known !== undefined) return known
    const at = mark.indexOf(between)
    const sender = at < 0 ? { client: mark, user: null } : { client: mark.slice(0, at), user: mark.slice(at + 1) }
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(mark, sender)
    return sender
  }
}
