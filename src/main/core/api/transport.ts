/** The server's end of a pipe of string envelopes: preload pipe, WebSocket or control socket. */
export interface ServerTransport {
  send(envelope: string): void
  /** One listener; envelopes that came before it was set are kept for it. */
  onEnvelope(listener: (envelope: string) => void): void
  onClosed(listener: () => void): void
  /** Closes after what was sent has gone out. The reason is for the log and the peer's close frame. */
  close(reason: string): void
  /** Bytes or characters handed over but not yet taken by the peer: streams hold back while there are many. */
  buffered(): number
}
