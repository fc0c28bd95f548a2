/** Holds the lock of a backup repository until it is killed; says when it has it. */
import { writeSync } from 'node:fs'
import { layoutOf } from '../../src/main/core/backup/repository/layout.ts'
import { lockRepository } from '../../src/main/core/backup/repository/repository-lock.ts'

await lockRepository(layoutOf(process.argv[2] ?? ''), 'a spec')
writeSync(1, 'held\n')
setInterval(() => {}, 60_000)
