const zeros = Buffer.alloc(256 * 1024)

/** Whether there is nothing but zeros. A beginning or end that is not zero answers at once; the rest is compared by the system. */
export function isZero(bytes: Uint8Array): boolean {
  if (bytes.length > 0 && (bytes[0] !== 0 || bytes[bytes.length - 1] !== 0)) return false
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const end = Math.min(at + zeros.length, bytes.length)
    if (Buffer.compare(bytes.subarray(at, end), zeros.subarray(0, end - at)) !== 0) return false
  }
  return true
}
