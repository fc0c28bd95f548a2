import { timingSafeEqual } from 'node:crypto'
import type { Sealing } from '../protection.ts'
import type { RepositoryConfig } from '../repository.ts'

/**
 * The signature over what config.json says, base64. Whoever can write to the folder can edit the file; without the key they
 * cannot make it say something else that is believed.
 */
export function configSeal(config: RepositoryConfig, sealing: Sealing): string {
  return sealing.sign(said(config)).toString('base64')
}

/** Whether the key belongs to these backups and nobody has changed what config.json says. Takes the same time for any answer. */
export function isConfigOf(config: RepositoryConfig, sealing: Sealing): boolean {
  const found = Buffer.from(config.seal ?? '', 'base64')
  const expected = sealing.sign(said(config))
  return found.length === expected.length && timingSafeEqual(found, expected)
}

function said({ format, id, createdAt, hash, cipher, chunker }: RepositoryConfig): string {
  const sizes = [chunker.files, chunker.databases].flatMap(({ min, average, max }) => [min, average, max])
  return JSON.stringify(['wheelhouse config', format, id, createdAt, hash, cipher, chunker.algorithm, ...sizes])
}
