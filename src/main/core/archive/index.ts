export { archiveDamaged, archiveRefused } from './archive-problems.ts'
export { readTar, type TarVisitor } from './read-tar.ts'
export { encodeTarComment, encodeTarHeader, padding, type TarEntry, tarEnd } from './tar-format.ts'
