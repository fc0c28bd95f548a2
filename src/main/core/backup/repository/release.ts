/**
 * Gives the memory of bytes back at once. The engine would find it only at a collection, and is in no hurry: each thread would
 * keep some 64 MB. Nobody may use the bytes afterwards, nor anything that shares memory with them. Bytes that share memory with
 * `keep` are left alone, as is what is so small that others lie in the same memory (Node's pool). Returns whether it was given back.
 */
export function release(bytes: Uint8Array, keep?: Uint8Array): boolean {
  const { buffer } = bytes
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength <= Buffer.poolSize || buffer === keep?.buffer) return false
  buffer.transfer(0)
  return true
}
