import { describe, expect, it } from 'vitest'
import { loadText, problemsOf, siteText } from '../../../../test/support/site-text.ts'

describe('mistakes', () => {
  it('are all told at once, in reading order, each with line, column, path, sentence and remedy', async () => {
    const loaded = await loadText(`wheelhouse: 1
site: Lab
servces: {}
services:
  api: { kind: nod, run: services/api.mjs }
  web:
    kind: node
    run: services/web.mjs
    needs: { web: ready, apii: ready }
    readiness: { http: "http://127.0.0.1:\${ports.http}/", every: 5 }
routes:
  r: { from: a/#/b, to: [ { channel: x } ] }
`)
    expect(problemsOf(loaded).map(({ line, column, code, path }) => [line, column, code, path])).toEqual([
      [2, 7, 'id-bad', 'site'],
      [3, 1, 'key-unknown', 'servces'],
      [5, 16, 'value-unknown', 'services.api.kind'],
      [9, 14, 'need-self', 'services.web.needs.web'],
      [9, 26, 'need-unknown', 'services.web.needs.apii'],
      [10, 24, 'variable-unknown', 'services.web.readiness.http'],
      [10, 66, 'duration-bad', 'services.web.readiness.every'],
      [12, 14, 'topic-filter-bad', 'routes.r.from'],
    ])
    for (const { message, remedy } of problemsOf(loaded)) {
      expect(message).toMatch(/^.+\.$/)
      expect(remedy).toMatch(/^.+\.$/)
    }
  })

  const api = 'kind: node, run: services/api.mjs'
  const cases: readonly [what: string, yaml: string, code: string, line: number | null, words: RegExp][] = [
    [
      'an unknown key, with the nearest known one',
      siteText(`services: { api: { ${api}, portz: {} } }`),
      'key-unknown',
      3,
      /`ports`/,
    ],
    [
      'a value of the wrong type',
      siteText('services: [api]'),
      'value-wrong-type',
      3,
      /services is a list, but must be a map/,
    ],
    [
      'a size that is too small',
      siteText('store: { messages: 63MB }'),
      'size-bad',
      3,
      /a size such as `256MB` or `4GB`, of at least 64MB/,
    ],
    [
      'a bad duration',
      siteText(`services: { api: { ${api}, stop: { within: 10 sec } } }`),
      'duration-bad',
      3,
      /“10 sec”.*`10s`/,
    ],
    [
      'a missing key, with what it must be',
      siteText('services: { api: { run: x } }'),
      'value-missing',
      3,
      /services\.api has no `kind`/,
    ],
    ['a missing id', 'wheelhouse: 1\n', 'value-missing', 1, /site\.yaml has no `site`/],
    [
      'a file of a newer version',
      'wheelhouse: 2\nsite: lab\nnew: {}',
      'site-newer',
      1,
      /version 2.*Update the console/,
    ],
    ['an id with capitals', siteText('services: { Api: { kind: external } }'), 'id-bad', 3, /“Api”.*lowercase/],
    ['an id that begins with a hyphen', siteText('services: { -api: { kind: external } }'), 'id-bad', 3, /“-api”/],
    [
      'an unknown need, with the nearest service',
      siteText(`services: { db: { kind: external }, api: { ${api}, needs: { dbb: ready } } }`),
      'need-unknown',
      3,
      /`db`/,
    ],
    [
      'a need named like something every object has',
      siteText(`services: { api: { ${api}, needs: { constructor: ready } } }`),
      'need-unknown',
      3,
      /constructor/,
    ],
    [
      'a need of itself',
      siteText(`services: { api: { ${api}, needs: { api: ready } } }`),
      'need-self',
      3,
      /needs itself/,
    ],
    [
      'a cycle, with its whole path',
      siteText(
        'services:\n  api: { kind: external, needs: { db: ready } }\n  db: { kind: external, needs: { api: ready } }',
      ),
      'need-cycle',
      4,
      /api → db → api/,
    ],
    [
      'a wait for the end of what runs on',
      siteText(`services: { db: { kind: external }, api: { ${api}, needs: { db: completed } } }`),
      'need-never-met',
      3,
      /one-shot/,
    ],
    [
      'an unknown builtin',
      siteText('services: { b: { kind: builtin, use: brocker } }'),
      'builtin-unknown',
      3,
      /brocker/,
    ],
    [
      'a broker without its port',
      siteText('services: { b: { kind: builtin, use: broker } }'),
      'value-missing',
      3,
      /`mqtt`/,
    ],
    ['a node service without script', siteText('services: { a: { kind: node } }'), 'value-missing', 3, /`run`/],
    [
      'a command for what is not run',
      siteText('services: { a: { kind: external, run: x } }'),
      'key-not-for-kind',
      3,
      /somebody else/,
    ],
    [
      'a port out of range',
      siteText(`services: { api: { ${api}, ports: { http: 70000 } } }`),
      'port-out-of-range',
      3,
      /65535/,
    ],
    [
      'the same port twice',
      siteText(`services: { b: { kind: external, ports: { x: 80 } }, api: { ${api}, ports: { http: 80 } } }`),
      'port-twice',
      3,
      /b\.x and by api\.http/,
    ],
    [
      'a script that is missing',
      siteText('services: { a: { kind: node, run: services/gone.mjs } }'),
      'script-missing',
      3,
      /services\/gone\.mjs/,
    ],
    [
      'a program in the release that is missing',
      siteText('services: { a: { kind: process, run: ./bin/gone } }'),
      'program-missing',
      3,
      /bin\/gone/,
    ],
    [
      'a program that is not installed',
      siteText('services: { a: { kind: process, run: no-such-program-here } }'),
      'program-missing',
      3,
      /PATH/,
    ],
    [
      'a working directory that is missing',
      siteText(`services: { a: { ${api}, cwd: gone } }`),
      'folder-missing',
      3,
      /gone/,
    ],
    [
      'a script outside the site',
      siteText('services: { a: { kind: node, run: ../x.mjs } }'),
      'path-escapes',
      3,
      /\.\.\/x\.mjs/,
    ],
    [
      'a working directory outside the site',
      siteText(`services: { a: { ${api}, cwd: ../.. } }`),
      'path-escapes',
      3,
      /leads out/,
    ],
    [
      'a shell line',
      siteText('services: { a: { kind: process, run: "sh x | tee y" } }'),
      'command-bad',
      3,
      /only a shell/,
    ],
    [
      'a reference to nothing, with the nearest',
      siteText(`services: { api: { ${api}, ports: { http: 81 }, env: { P: "\${ports.htp}" } } }`),
      'variable-unknown',
      3,
      /\$\{ports\.http\}/,
    ],
    [
      'a port of another service that has none',
      siteText(`services: { b: { kind: external }, api: { ${api}, env: { P: "\${services.b.ports.x}" } } }`),
      'variable-unknown',
      3,
      /services\.b\.ports\.x/,
    ],
    [
      'a secret outside the environment',
      siteText(`services: { api: { ${api}, pages: { A: "http://x/\${secrets.K}" } } }`),
      'secret-not-here',
      3,
      /only stand in `env`/,
    ],
    [
      'a password of the broker that stands in the file',
      siteText(
        `services: { b: { kind: builtin, use: broker, ports: { mqtt: 1 }, broker: { users: { desk: { password: hello } } } } }`,
      ),
      'secret-in-file',
      3,
      /does not belong/,
    ],
    [
      'a user of the broker without a password',
      siteText(`services: { b: { kind: builtin, use: broker, ports: { mqtt: 1 }, broker: { users: { desk: {} } } } }`),
      'value-missing',
      3,
      /neither `password` nor `hash`/,
    ],
    [
      'a hash that is none',
      siteText(
        `services: { b: { kind: builtin, use: broker, ports: { mqtt: 1 }, broker: { users: { desk: { hash: "$1$abc" } } } } }`,
      ),
      'hash-bad',
      3,
      /of no form/,
    ],
    [
      'a filter of a user that is none',
      siteText(
        `services: { b: { kind: builtin, use: broker, ports: { mqtt: 1 }, broker: { users: { desk: { password: "\${secrets.A}", allow: { publish: [ "a/%c#" ] } } } } } }`,
      ),
      'topic-filter-bad',
      3,
      /a\/%c#/,
    ],
    [
      'a broker that nobody could connect to',
      siteText(`services: { b: { kind: builtin, use: broker, ports: { mqtt: 1 }, broker: { anonymous: off } } }`),
      'value-missing',
      3,
      /Nobody could connect/,
    ],
    [
      'rules of a broker at something else',
      siteText(`services: { api: { ${api}, broker: {} } }`),
      'key-not-for-kind',
      3,
      /only for `kind: builtin`/,
    ],
    [
      'a broker of somebody else with its password in the file',
      siteText(`brokers: { plant: { url: "mqtts://plant:8883", username: u, password: hello } }`),
      'secret-in-file',
      3,
      /does not belong/,
    ],
    [
      'a broker of somebody else with a password in its address',
      siteText(`brokers: { plant: { url: "mqtt://u:p@plant" } }`),
      'address-bad',
      3,
      /not one that the router can connect to/,
    ],
    [
      'a certificate where nothing is encrypted',
      siteText(`brokers: { plant: { url: "mqtt://plant", ca: ca.pem } }`),
      'key-not-for-kind',
      3,
      /is not encrypted/,
    ],
    [
      'a broker of the name of the embedded one',
      siteText(
        `services: { mq: { kind: builtin, use: broker, ports: { mqtt: 1 } } }\nbrokers: { mq: { url: "mqtt://a" } }`,
      ),
      'id-taken',
      4,
      /Two brokers are called mq/,
    ],
    [
      'a route on a broker that there is not',
      siteText(`brokers: { lab: { url: "mqtt://a" } }\nroutes: { r: { from: a, to: [{ mqtt: b, broker: lob }] } }`),
      'broker-unknown',
      4,
      /Name one of lab/,
    ],
    [
      'a device at a broker that there is not',
      siteText(`brokers: { lab: { url: "mqtt://a" } }\ndevices: { desk: { topic: "a/{id}", broker: lob } }`),
      'broker-unknown',
      4,
      /Device desk names a broker “lob”.*Name one of lab/,
    ],
    [
      'a device with a client at a broker that tells of none',
      siteText(
        `brokers: { lab: { url: "mqtt://a" } }\ndevices: { desk: { topic: "a/{id}", broker: lab, client: "d-{id}" } }`,
      ),
      'key-not-for-kind',
      4,
      /lab is not the embedded broker/,
    ],
    [
      'a probe that asks nothing',
      siteText(`services: { api: { ${api}, liveness: { every: 1s } } }`),
      'probe-unclear',
      3,
      /none of them/,
    ],
    [
      'a page that is no web address',
      siteText(`services: { api: { ${api}, pages: { A: "file:///etc/passwd" } } }`),
      'address-bad',
      3,
      /not a web address/,
    ],
    [
      'a probe address without port',
      siteText(`services: { api: { ${api}, liveness: { tcp: localhost } } }`),
      'address-bad',
      3,
      /host and a port/,
    ],
    ['a bad cron line', siteText('backup: { full: "0 25 * * *" }'), 'cron-bad', 3, /five cron fields/],
    ['a cron line that never comes', siteText('backup: { full: "0 0 31 2 *" }'), 'cron-bad', 3, /cron/],
    ['a zone that does not exist', siteText('zone: Asia/Manilla'), 'zone-bad', 3, /Asia\/Manila/],
    [
      'a bad address to bind to',
      siteText('services: { b: { kind: builtin, use: broker, bind: lan, ports: { mqtt: 1 } } }'),
      'address-bad',
      3,
      /IP address/,
    ],
    [
      'a wildcard inside a level',
      siteText('routes: { r: { from: a+/b, to: [{ channel: x }] } }'),
      'topic-filter-bad',
      3,
      /whole level/,
    ],
    [
      'a regular expression that cannot be read',
      siteText('routes: { r: { from: "/a(/", to: [{ channel: x }] } }'),
      'expression-bad',
      3,
      /regular expression/,
    ],
    [
      'a target with a wildcard',
      siteText('routes: { r: { from: a, to: [{ mqtt: a/+ }] } }'),
      'topic-bad',
      3,
      /one topic/,
    ],
    [
      'two targets in one',
      siteText('routes: { r: { from: a, to: [{ mqtt: a, channel: x }] } }'),
      'target-unclear',
      3,
      /`mqtt` and `channel`/,
    ],
    [
      'a table outside the site folder',
      siteText('tables: { desks: { file: data/../../desks.csv, key: id } }'),
      'path-outside',
      3,
      /below the site folder/,
    ],
    [
      'a table of an unknown kind',
      siteText('tables: { desks: { file: data/desks.xlsx, key: id } }'),
      'table-kind-unknown',
      3,
      /CSV or JSON|csv nor in .json/,
    ],
    [
      'a field with a bad name',
      siteText('routes: { r: { from: a, enrich: { "a b": "1" }, to: [{ channel: x }] } }'),
      'field-name-bad',
      3,
      /cannot add a field/,
    ],
    [
      'tags that no target chooses by',
      siteText('routes: { r: { from: a, tag: payload.kind, to: [{ channel: x }] } }'),
      'tag-unused',
      3,
      /none of its targets/,
    ],
    [
      'a target that chooses by tags that nothing gives',
      siteText('routes: { r: { from: a, to: [{ channel: x, tag: door }] } }'),
      'tag-missing',
      3,
      /gives no tags/,
    ],
    [
      'a workflow as a target, as there are none yet',
      siteText('routes: { r: { from: a, to: [{ workflow: enroll }] } }'),
      'workflow-not-yet',
      3,
      /no workflows.*webhook/,
    ],
    [
      'a webhook at something that is no web page',
      siteText('routes: { r: { from: a, to: [{ webhook: "ftp://x/y" }] } }'),
      'address-bad',
      3,
      /neither with http/,
    ],
    [
      'a password in the address of a webhook, without repeating it',
      siteText('routes: { r: { from: a, to: [{ webhook: "https://me:pass@x/y" }] } }'),
      'password-in-file',
      3,
      /^(?!.*me:pass).*secrets\.NAME/,
    ],
    [
      'a header that the console sets itself',
      siteText('routes: { r: { from: a, to: [{ webhook: "https://x/y", headers: { Idempotency-Key: a } }] } }'),
      'header-not-free',
      3,
      /sets itself/,
    ],
    [
      'a key of a webhook at another target',
      siteText('routes: { r: { from: a, to: [{ channel: x, timeout: 5s }] } }'),
      'key-not-for-kind',
      3,
      /only for a `webhook`/,
    ],
    [
      'a webhook twice in one route',
      siteText('routes: { r: { from: a, to: [{ webhook: "https://x/y" }, { webhook: "https://x/y", method: PUT }] } }'),
      'target-doubled',
      3,
      /twice/,
    ],
    [
      'a message target twice in one route',
      siteText('routes: { r: { from: a, to: [{ mqtt: b, qos: 1 }, { mqtt: b }, { mqtt: b, qos: 1 }] } }'),
      'target-doubled',
      3,
      /“b” with `qos: 1` twice/,
    ],
    [
      'a key where nothing waits',
      siteText('routes: { r: { from: a, to: [{ channel: x, key: payload.id }] } }'),
      'key-not-for-kind',
      3,
      /`key`, which is only for targets that messages wait for/,
    ],
    [
      'the latest of a key where nothing waits, as its target is of QoS 0',
      siteText('routes: { r: { from: a, to: [{ mqtt: b, keep: latest }] } }'),
      'key-not-for-kind',
      3,
      /`keep`, which is only for targets that messages wait for/,
    ],
    [
      'which messages of a key wait in a way that there is not',
      siteText('routes: { r: { from: a, to: [{ mqtt: b, qos: 1, keep: first }] } }'),
      'value-unknown',
      3,
      /`all` or `latest`/,
    ],
    ['a route to nowhere', siteText('routes: { r: { from: a, to: [] } }'), 'value-empty', 3, /at least one target/],
    ['backups in a relative folder', siteText('backup: { folder: backups }'), 'path-not-absolute', 3, /absolute/],
    ['a tab', siteText('services:\n\tapi: 1'), 'yaml-tab', 4, /tab/],
    ['a key twice', siteText('zone: UTC\nzone: UTC'), 'key-twice', 4, /twice/],
    ['an open bracket', siteText('services: { a: [1'), 'yaml-invalid', 3, /not valid YAML/],
    ['two documents', siteText('---\nsite: b'), 'yaml-many-documents', 3, /more than one/],
    ['a tag', siteText('zone: !zone UTC'), 'yaml-tag', 3, /tag/],
    ['nothing but comments', '# nothing\n', 'site-file-empty', null, /wheelhouse: 1/],
    ['nothing at all', '', 'site-file-empty', null, /is empty/],
    ['a list instead of a map', '- a\n', 'value-wrong-type', 1, /map that begins/],
  ]
  for (const [what, yaml, code, line, words] of cases) {
    it(`name ${what}`, async () => {
      const problems = problemsOf(await loadText(yaml))
      expect(problems.map((problem) => problem.code)).toEqual([code])
      expect(problems[0]?.line).toBe(line)
      expect(`${problems[0]?.message} ${problems[0]?.remedy}`).toMatch(words)
    })
  }
})
