/** Whether an error says that the disk, or the share of it that this user may have, is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && fullCodes.has(String(error.code))
}

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])
