import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/folders.ts'
import { findProgram, needs } from '../../../../test/support/needs.ts'
import { makeCertificate, nginxConfiguration } from '../../../../test/support/nginx.ts'
import type { SystemFacts } from './facts.ts'
import { logrotateRule } from './logrotate-rule.ts'
import { nginxSite } from './nginx-site.ts'
import { systemdUnit } from './systemd-unit.ts'

/** A site whose paths have what makes trouble in such files: spaces, quotes, percent signs. */
function facts(home: string, given: Partial<SystemFacts> = {}): SystemFacts {
  const directory = join(home, 'lab 50% "east"')
  mkdirSync(join(directory, 'logs', 'api'), { recursive: true })
  writeFileSync(join(directory, 'logs', 'own.log'), 'a line\n')
  const node = join(home, 'node')
  writeFileSync(node, '#!/bin/sh\n')
  chmodSync(node, 0o755)
  return {
    site: { id: 'court-office', name: 'Court office, 2nd floor (100%)', directory },
    node,
    program: join(home, 'headless.js'),
    user: userInfo().username,
    group: userInfo().username,
    userData: join(home, 'user data'),
    writes: [],
    port: 4410,
    lowestPort: 8101,
    devices: false,
    ownLogs: [join(directory, 'logs', 'own.log')],
    serverName: 'lab.example',
    ipv6: false,
    certificate: join(home, 'lab cert.pem'),
    certificateKey: join(home, 'lab key.pem'),
    ...given,
  }
}

function folder(): string {
  const made = temporaryFolder()
  onTestFinished(() => made[Symbol.dispose]())
  return made.path
}

/** What a program said and how it ended. */
function asked(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(findProgram(program) ?? program, args, { encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

describe('the unit of systemd', () => {
  test('runs the console as its own user, in production, and may write only where the site and the console are', () => {
    const unit = systemdUnit(
      facts(folder(), { site: { id: 'lab', name: 'Lab', directory: '/srv/lab' }, node: '/opt/wh/node' }),
    )
    expect(unit).toContain('User=')
    expect(unit).toMatch(
      /^ExecStart="\/opt\/wh\/node" ".*headless\.js" "--site" "\/srv\/lab" "--environment" "production" "--port" "4410"$/m,
    )
    expect(unit).toMatch(/^ReadWritePaths="\/srv\/lab" ".*user data"$/m)
    for (const line of [
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'CapabilityBoundingSet=',
      'PrivateDevices=yes',
    ]) {
      expect(unit.split('\n')).toContain(line)
    }
  })

  test('what a site needs is left open and nothing else: low ports, devices, a home folder', () => {
    const open = systemdUnit(
      facts(folder(), { lowestPort: 80, devices: true, site: { id: 'lab', name: 'Lab', directory: '/home/op/lab' } }),
    ).split('\n')
    expect(open).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE')
    expect(open).not.toContain('PrivateDevices=yes')
    expect(open).toContain('ProtectHome=read-only')
  })

  test('a name that would begin a line of its own is refused', () => {
    const hostile = { id: 'lab', name: 'Lab\nExecStartPre=/bin/evil', directory: '/srv/lab' }
    for (const build of [systemdUnit, nginxSite, logrotateRule]) {
      expect(() => build(facts(folder(), { site: hostile }))).toThrow(/control character/)
    }
  })
})

describe('systemd-analyze', () => {
  needs('systemd-analyze')

  test.each([
    ['a plain site', {}],
    ['one with devices and low ports', { devices: true, lowestPort: 80 }],
    ['one with backups elsewhere', { writes: ['/mnt/backup disk'] }],
  ] as const)('accepts the unit of %s without a word', (_which, given) => {
    const home = folder()
    const unit = join(home, 'wheelhouse-court-office.service')
    writeFileSync(unit, systemdUnit(facts(home, given)))
    expect(asked('systemd-analyze', 'verify', '--man=no', unit)).toEqual({ status: 0, said: '' })
  })

  test('a unit with a mistake is not accepted: the checker looks', () => {
    const home = folder()
    const unit = join(home, 'wheelhouse-court-office.service')
    writeFileSync(unit, systemdUnit(facts(home)).replace('ProtectSystem=strict', 'ProtectSystem=stricter'))
    expect(asked('systemd-analyze', 'verify', '--man=no', unit).said).toContain('stricter')
  })

  test('finds the unit’s sandbox tight', () => {
    const home = folder()
    const unit = join(home, 'wheelhouse-court-office.service')
    writeFileSync(unit, systemdUnit(facts(home, { user: 'wheelhouse', group: 'wheelhouse' })))
    const { said } = asked('systemd-analyze', 'security', '--offline=true', '--no-pager', unit)
    expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(said)?.[1])).toBeLessThan(3)
  })
})

describe('nginx', () => {
  needs('nginx', 'openssl')

  test('accepts the site', () => {
    const home = folder()
    const given = facts(home)
    makeCertificate(given)
    const { status, said } = asked(
      'nginx',
      '-t',
      '-q',
      '-e',
      join(home, 'error.log'),
      '-c',
      nginxConfiguration(home, nginxSite(given)),
    )
    expect({ status, said }).toEqual({ status: 0, said: '' })
  })

  test('a site with a mistake is not accepted: the checker looks', () => {
    const home = folder()
    const given = facts(home)
    makeCertificate(given)
    const broken = nginxSite(given).replace('proxy_http_version 1.1;', 'proxy_http_version;')
    expect(asked('nginx', '-t', '-e', join(home, 'error.log'), '-c', nginxConfiguration(home, broken)).status).not.toBe(
      0,
    )
  })
})

describe('logrotate', () => {
  needs('logrotate')

  test('accepts the rule, and finds the logs that services write by themselves', () => {
    const home = folder()
    const given = facts(home)
    writeFileSync(join(given.site.directory, 'logs', 'api', 'requests.log'), 'a line\n')
    writeFileSync(join(given.site.directory, 'logs', 'api.out.log'), 'a line\n')
    const rule = join(home, 'rule')
    writeFileSync(rule, logrotateRule(given), { mode: 0o644 })
    const { status, said } = asked('logrotate', '-d', '-s', join(home, 'state'), rule)
    expect(status).toBe(0)
    expect(said).not.toMatch(/error/i)
    expect(said).toContain('considering log')
    expect(said).toContain('own.log')
    expect(said).toContain('requests.log')
    expect(said).not.toContain('api.out.log')
  })
})
