import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './needs.ts'

/** A certificate of its own for a name, written with its key. */
export function makeCertificate({
  certificate,
  certificateKey,
  serverName,
}: {
  readonly certificate: string
  readonly certificateKey: string
  readonly serverName: string
}): void {
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync(
    findProgram('openssl') ?? 'openssl',
    [...request, '-subj', `/CN=${serverName}`, '-keyout', certificateKey, '-out', certificate],
    { stdio: 'ignore' },
  )
}

/**
 * A whole configuration around a site of nginx, which writes into this folder alone and needs no rights: its ports are replaced, 80 by the first
 * and 443 by the second. Returns the file.
 */
export function nginxConfiguration(
  home: string,
  site: string,
  [plain, tls]: readonly number[] = [18_080, 18_443],
): string {
  writeFileSync(
    join(home, 'site.conf'),
    site.replaceAll(/listen 80;/g, `listen 127.0.0.1:${plain};`).replaceAll('listen 443 ', `listen 127.0.0.1:${tls} `),
  )
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  )
  const file = join(home, 'nginx.conf')
  const around = `daemon off;\nmaster_process off;\npid ${home}/nginx.pid;\nevents {}`
  writeFileSync(file, `${around}\nhttp {\naccess_log off;\n${temporary.join('\n')}\ninclude ${home}/site.conf;\n}\n`)
  return file
}
