import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

for (const [frame, command, known] of [
  ['bench/frame.ts', 'npm run bench', 'store'],
  ['test/soak/frame.ts', 'npm run soak', 'power'],
] as const) {
  test(`${command} with a name that there is not lists every program with what it is, and ends as wrongly called`, () => {
    const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, '../..', frame), 'no-such'], {
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    const [said, ...listed] = stdout.trimEnd().split('\n')
    expect(said).toMatch(/^There is no \w+ called no-such\.$/)
    expect(listed.some((line) => line.startsWith(`  ${command} -- ${known} `))).toBe(true)
    for (const line of listed) expect(line).toMatch(/-- [a-z-]+ {2,}\S/)
  })
}
