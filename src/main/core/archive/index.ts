export { archiveDamaged, archiveRefused, shown } from './archive-problems.ts'
export { readTar, type TarVisitor } from './read-tar.ts'
export { readZip, type ZippedEntry, type ZipVisitor } from './read-zip.ts'
export { encodeTarComment, encodeTarHeader, padding, type TarEntry, tarEnd } from './tar-format.ts'
