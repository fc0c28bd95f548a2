import { timeIn } from '#core/platform/index.ts'
import { recoveryKeyMark } from '../repository/keys/recovery-key.ts'

/** What a recovery kit says. */
export interface KitContent {
  readonly site: { readonly name: string; readonly directory: string; readonly zone: string }
  /** Where the backups lie, as people call it, and the repository's id. */
  readonly place: string
  readonly repository: string
  /** The master key in rows for people. */
  readonly rows: readonly string[]
  /** Wall-clock milliseconds. */
  readonly madeAt: number
  /** Whom to call; null where site.yaml does not say. */
  readonly contact: string | null
}

/**
 * The recovery kit as a page to print: complete in itself, without scripts, and without anything that would be fetched. It
 * holds the key of the backups, so it is given to whoever asked and to nobody else.
 */
export function recoveryKit({ site, place, repository, rows, madeAt, contact }: KitContent): string {
  const made = timeIn(site.zone, madeAt)
  const numbered = rows.map((row, at) => `${at + 1}.  ${row.replace('-', '  ')}`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Recovery kit of ${text(site.name)}</title>
<style>
body { font: 12pt/1.45 system-ui, sans-serif; color: #000; background: #fff; max-width: 42em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 19pt; margin: 0 0 .2em; }
h2 { font-size: 12.5pt; margin: 1.3em 0 .3em; border-bottom: 1px solid #999; }
pre, code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
pre.key { font-size: 16pt; line-height: 1.6; border: 2px solid #000; padding: .5em 1em; margin: .6em 0; }
pre.command { font-size: 10.5pt; background: #f2f2f2; padding: .5em .8em; white-space: pre-wrap; margin: .4em 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15em 1em; margin: .4em 0; }
dt { color: #444; } dd { margin: 0; overflow-wrap: anywhere; }
p, ol { margin: .4em 0; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } pre { break-inside: avoid; } }
</style>
</head>
<body>
<h1>Recovery kit of ${text(site.name)}</h1>
<p><strong>Whoever has this page and the backup folder can read every backup.</strong> Print it, keep it away from the computer, and delete the file.</p>
<dl>
<dt>Site</dt><dd>${text(site.name)}, in <code>${text(site.directory)}</code></dd>
<dt>Backups</dt><dd><code>${text(place)}</code></dd>
<dt>Their id</dt><dd><code>${text(repository)}</code></dd>
<dt>Made</dt><dd>${text(made)} (${text(site.zone)})</dd>${contact === null ? '' : `\n<dt>Contact</dt><dd>${text(contact)}</dd>`}
</dl>
<h2>The recovery key</h2>
<pre class="key" ${recoveryKeyMark}>${text(numbered)}</pre>
<p>Spaces and hyphens do not matter. There is no I, L, O or U in it: a round sign is the digit 0, an upright one the digit 1. A slip is told with its row.</p>
<h2>How to restore</h2>
<p>On screen: open the site, go to Backups, press <strong>Unlock</strong>, type the key, then <strong>Restore</strong>.</p>
<p>On the command line, with the console installed and the backups connected:</p>
<ol>
<li>Where the site folder is lost, make it and say in its <code>site.yaml</code> where the backups are:
<pre class="command">mkdir lab
printf 'wheelhouse: 1\\nsite: lab\\nbackup: { folder: "${text(place)}" }\\n' &gt; lab/site.yaml</pre></li>
<li>See what is there. The key is asked for; it is never written behind the command.
<pre class="command">wheelhouse snapshots --site lab</pre></li>
<li>Restore the newest good snapshot, or name one.
<pre class="command">wheelhouse restore --site lab</pre></li>
</ol>
<p>From a file or a pipe instead of the keyboard: <code>--key-file FILE</code>, with <code>-</code> for standard input. This page itself, as it was saved, is such a file.</p>
<h2>Is it good?</h2>
<p>Type it back once: Backups, <strong>Prove the kit</strong>, or <code>wheelhouse backups prove-kit</code>. The newest snapshot is then really decrypted with nothing but this key. Write here when that was done: ______________________</p>
<p>This kit stays good when the passphrase is changed. Backups in a new folder have another key, and need a kit of their own.</p>
</body>
</html>
`
}

function text(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
