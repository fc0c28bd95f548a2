import { timeIn } from '#core/platform/index.ts'
import type { Losses } from '#shared/contract/index.ts'

const mostTables = 40

/** What is lost, as sentences, the gravest first; one says so when nothing is. Pure. */
export function lossesInWords(
  { databases, written, journalled, postgres, since }: Omit<Losses, 'sentences'>,
  zone: string,
): readonly string[] {
  const tables = databases.flatMap(({ path, tables }) => tables.map((table) => ({ path, ...table })))
  const differing = tables
    .filter(({ now, stored }) => now === null || stored === null || now !== stored)
    .sort((a, b) => lostOf(b) - lostOf(a))
  const sentences = differing.slice(0, mostTables).map(tableInWords)
  if (differing.length > mostTables) sentences.push(`${differing.length - mostTables} more tables differ.`)
  for (const { path, tables: own, note } of databases) {
    if (note !== null) sentences.push(`Rows of ${path}: ${note}.`)
    else if (own.every(({ now, stored }) => now !== null && now === stored)) {
      sentences.push(
        `${path} has as many rows in each table as in the snapshot, and what was changed in them since is lost.`,
      )
    }
  }
  if (written.files > 0) {
    const [newest] = written.newest
    const which = newest ? `; the newest is ${newest.path}, of ${timeIn(zone, newest.at)}` : ''
    const files = written.files === 1 ? 'One file was' : `${figure(written.files)} files were`
    sentences.push(`${files} written after the snapshot, and what was written since is lost${which}.`)
  }
  if (sentences.length === 0) sentences.push('Nothing that is newer than the snapshot is lost.')
  if (journalled !== null && journalled > 0) {
    sentences.push(
      `About ${figure(journalled)} ${journalled === 1 ? 'message was' : 'messages were'} journalled since ${timeIn(zone, since)}. The journal is the console’s own and stays; what services stored of these messages in what is restored is lost.`,
    )
  }
  if (postgres.length > 0) {
    sentences.push(`PostgreSQL (${postgres.join(', ')}) is no part of this restore and stays as it is.`)
  }
  return sentences
}

type Table = Losses['databases'][number]['tables'][number] & { readonly path: string }

function tableInWords({ path, table, now, stored }: Table): string {
  const where = `${table} in ${path}`
  if (now === null || stored === null) {
    const known = now !== null ? `${rows(now)} now` : stored !== null ? `${rows(stored)} in the snapshot` : null
    return `${where}: not counted in time${known === null ? '' : `; ${known}`}.`
  }
  const sums = `${rows(now)} now, ${figure(stored)} in the snapshot`
  if (now > stored) return `${where}: ${sums}: ${rows(now - stored)} ${now - stored === 1 ? 'is' : 'are'} lost.`
  return `${where}: ${sums}: ${rows(stored - now)} ${stored - now === 1 ? 'comes' : 'come'} back.`
}

function lostOf({ now, stored }: Table): number {
  return now === null || stored === null ? 0 : now - stored
}

function rows(count: number): string {
  return count === 1 ? 'one row' : `${figure(count)} rows`
}

function figure(count: number): string {
  return count.toLocaleString('en-US')
}
