/** Holds the lock of a backup repository until it is killed; says when it has it. */
import { writeSync } from 'node:fs'
import { FolderStorage } from '../../src/main/core/backup/repository/folder-storage.ts'

await new FolderStorage(process.argv[2] ?? '').lock('a spec')
writeSync(1, 'held\n')
setInterval(() => {}, 60_000)
