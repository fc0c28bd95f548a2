import type { Command } from 'commander'
import {
  diffReleases,
  listReleases,
  noteRelease,
  type PackOptions,
  packFolder,
  pinRelease,
  removeReleases,
  unmarkRelease,
  verifyReleases,
} from './commands/releases.ts'
import type { CommonValues, ProgramOptions, Run } from './program.ts'

/** `wheelhouse releases`, `wheelhouse releases pack|verify|diff|pin|unpin|note|unmark|remove`. */
export function addReleaseCommands(
  program: Command,
  { siteFolder }: Pick<ProgramOptions, 'siteFolder'>,
  run: Run,
): void {
  const releases = program
    .command('releases')
    .description('the releases of the site: which is active, what a rollback goes back to, which were bad')
    .action((_values: object, command: Command) => run(command, listReleases))
  releases
    .command('pack <folder>')
    .description('write a folder as an archive with a manifest of hashes, to be deployed elsewhere; opens no site')
    .option('--to <file>', 'the archive; else beside the folder')
    .option('--release-version <version>', 'what you call this release')
    .option('--schema <name>', 'what you call the layout of the data that it works with')
    .option('--for <site>', 'id of the site that it is for; else what site.yaml in the folder says, else the site')
    .option('--replace', 'replace the archive if it is there')
    .action((folder: string, values: PackOptions, command: Command) =>
      run(command, (context) =>
        packFolder(context, folder, values, () => siteFolder(command.optsWithGlobals<CommonValues>())),
      ),
    )
  releases
    .command('verify <release...>')
    .description('read every file again and compare with what was written down')
    .action((ids: string[], _values: object, command: Command) =>
      run(command, (context) => verifyReleases(context, ids)),
    )
  releases
    .command('diff <from> [to]')
    .description('files that differ between two releases; from the active one to FROM when only one is named')
    .action((from: string, to: string | undefined, _values: object, command: Command) =>
      run(command, (context) => diffReleases(context, from, to ?? null)),
    )
  releases
    .command('pin <release>')
    .description('keep a release until it is let go')
    .action((id: string, _values: object, command: Command) => run(command, (context) => pinRelease(context, id, true)))
  releases
    .command('unpin <release>')
    .description('let a release go')
    .action((id: string, _values: object, command: Command) =>
      run(command, (context) => pinRelease(context, id, false)),
    )
  releases
    .command('note <release> <text>')
    .description('write a note beside a release')
    .action((id: string, text: string, _values: object, command: Command) =>
      run(command, (context) => noteRelease(context, id, text)),
    )
  releases
    .command('unmark <release>')
    .description('take back that a release was found bad, because you know better')
    .action((id: string, _values: object, command: Command) => run(command, (context) => unmarkRelease(context, id)))
  releases
    .command('remove <release...>')
    .description('remove the files of releases; never the active one, the one before, or a pinned one')
    .action((ids: string[], _values: object, command: Command) =>
      run(command, (context) => removeReleases(context, ids)),
    )
}
