/** Bytes in memory of their own, which can be handed to a thread; a copy only where they share theirs with others. */
export function asOwned(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength <= byteLength + 64) {
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
  return Uint8Array.from(bytes)
}
