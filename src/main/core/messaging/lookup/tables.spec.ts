import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../../test/support/folders.ts'
import { ManualClock } from '../../../../../test/support/manual-clock.ts'
import { recordingAttention, recordingEvents } from '../../../../../test/support/messaging-rig.ts'
import { until } from '../../../../../test/support/until.ts'
import { Expressions } from '../expressions.ts'
import { IncomingMessage } from '../incoming-message.ts'
import { LookupTables, type TableContents } from './lookup-tables.ts'
import { SiteTables } from './site-tables.ts'
import { parseTable } from './table-file.ts'

describe('a table file', () => {
  it('is CSV with a line of names, or JSON as a list or by key', () => {
    const csv = '\uFEFFid,room\n7,"B 12, left"\n\n 8 , C 3 \n'
    expect([...parseTable(csv, 'a.csv', 'id')]).toEqual([
      ['7', { id: '7', room: 'B 12, left' }],
      ['8', { id: '8', room: 'C 3' }],
    ])
    expect(parseTable('[{"id": 7, "room": "B"}]', 'a.json', 'id').get('7')).toEqual({ id: 7, room: 'B' })
    expect(parseTable('{"7": {"room": "B"}}', 'a.json', 'id').get('7')).toEqual({ id: '7', room: 'B' })
  })

  it.each([
    ['a row without the key', 'id,room\n,B\n7', 'a.csv', /Record|row/],
    ['a column that is not there', 'desk\n7', 'a.csv', /row 1 has no text or number in the column "id"/],
    ['a key twice', 'id\n7\n8\n7', 'a.csv', /"7" stands twice in the column "id", again in row 3/],
    ['a list of texts', '["a"]', 'a.json', /element 1 is not an object/],
    ['no JSON', 'rubbish', 'a.json', /JSON/],
    [
      'too many rows',
      `id\n${Array.from({ length: 100_001 }, (_, n) => n).join('\n')}`,
      'a.csv',
      /more than 100000 rows/,
    ],
  ])('with %s is refused with the reason', (_what, text, file, reason) => {
    expect(() => parseTable(text, file, 'id')).toThrow(reason)
  })
})

describe('lookup in an expression', () => {
  const tables = new LookupTables()
  tables.replace({
    desks: { rows: new Map([['7', { room: 'B 12' }]]), failure: null },
    lost: { rows: new Map(), failure: 'is not there' },
  })
  const message = new IncomingMessage()
  message.hold('desk/7', ['desk', '7'], Buffer.from('{"desk": 7}'), 0, false, 0)
  const resultOf = (text: string) => {
    const compiled = new Expressions(tables).mapping(text)
    if ('mistake' in compiled) throw new Error(compiled.mistake.message)
    return compiled.expression.run(message)
  }

  it('gives the row of a key, be it text or number, and one without columns where there is none', () => {
    expect(resultOf('lookup("desks", topic[1]).room')).toBe('B 12')
    expect(resultOf('lookup("desks", payload.desk).room')).toBe('B 12')
    expect(resultOf('lookup("desks", "9").?room.orValue("unknown")')).toBe('unknown')
    expect(resultOf('"room" in lookup("desks", "9")')).toBe(false)
  })

  it('says when there is no such table, or why it was never read', () => {
    expect(() => resultOf('lookup("nothing", "7")')).toThrow('this site has no table "nothing"')
    expect(() => resultOf('lookup("lost", "7")')).toThrow('table "lost" is not there')
    expect(() => resultOf('lookup("constructor", "7")')).toThrow('no table')
  })
})

describe('the tables of a site', () => {
  const definition = { id: 'desks', file: 'data/desks.csv', key: 'id' }
  let folder: ReturnType<typeof temporaryFolder>
  let file: string
  let clock: ManualClock
  let seen: TableContents[]
  let tables: SiteTables
  let rig: { events: ReturnType<typeof recordingEvents>; attention: ReturnType<typeof recordingAttention> }

  beforeEach(() => {
    folder = temporaryFolder()
    mkdirSync(join(folder.path, 'data'))
    file = join(folder.path, definition.file)
    clock = new ManualClock()
    seen = []
    rig = { events: recordingEvents(), attention: recordingAttention() }
    tables = new SiteTables({
      clock,
      events: rig.events.log,
      attention: rig.attention.attention,
      onChange: (contents) => void seen.push(contents),
    })
  })
  afterEach(async () => {
    await tables[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  const cards = () => rig.attention.raised
  const roomOf7 = () => seen.at(-1)?.desks?.rows.get('7')?.room

  it('are read at once, and again when their file changes', async () => {
    writeFileSync(file, 'id,room\n7,B')
    await tables.configure(folder.path, [definition])
    expect(roomOf7()).toBe('B')
    await clock.advance(5_000)
    writeFileSync(file, 'id,room\n7,new room')
    await clock.advance(5_000)
    await until('the table to be read again', () => roomOf7() === 'new room')
  })

  it('keep what they held while the file cannot be read, raise a card, and clear it when it can', async () => {
    writeFileSync(file, 'id,room\n7,B')
    await tables.configure(folder.path, [definition])
    writeFileSync(file, 'id,room\n7,B\n7,C')
    await clock.advance(5_000)
    await until('the table to be told', () => cards().length === 1)
    expect(roomOf7()).toBe('B')
    expect(cards()[0]?.why).toMatch(/stands twice.*used on: 1 rows/)
    writeFileSync(file, 'id,room\n7,D')
    await clock.advance(5_000)
    await until('the card to go', () => cards().length === 0)
    expect(roomOf7()).toBe('D')
  })

  it('that are missing are told, and read as soon as they are there', async () => {
    await tables.configure(folder.path, [definition])
    expect(seen.at(-1)?.desks).toMatchObject({ failure: 'is not there' })
    writeFileSync(file, 'id,room\n7,B')
    chmodSync(file, 0o644)
    await clock.advance(5_000)
    await until('the table to be read', () => roomOf7() === 'B')
    rmSync(file)
    await tables.configure(folder.path, [])
    expect(cards()).toEqual([])
  })
})
