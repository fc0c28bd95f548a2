import type { Command } from 'commander'
import type { ConsentOptions } from './commands/consent.ts'
import { commitDeploy, type DeployOptions, deploy, deployHistory, rollBack, settleDeploy } from './commands/deploys.ts'
import { consent, withConsent } from './consent-options.ts'
import type { Run } from './program.ts'

/** `wheelhouse deploy`, `rollback` and `deploys …`. */
export function addDeployCommands(program: Command, run: Run): void {
  withConsent(
    program
      .command('deploy <source>')
      .description(
        'bring a new release into use: a folder, a .tar.gz or .zip, a git repository, or a release that is there',
      )
      .option('--ref <ref>', 'of a git repository: branch, tag or commit')
      .option('--without-proof', 'take an archive that carries no manifest of hashes')
      .option('--note <text>', 'what it is, for whoever looks at the list', '')
      .option('--trust <fingerprint>', 'of what the release would run and was looked through: the plan shows it')
      .option('--wait', 'stay until its probation has ended'),
  ).action((source: string, values: DeployOptions & Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => deploy(context, source, values, consent(values))),
  )
  withConsent(
    program
      .command('rollback [release]')
      .description('go back to the release from before, or to a named one')
      .option('--data', 'take the data back as well, as they were when that release was last in use'),
  ).action(
    (release: string | undefined, values: Partial<ConsentOptions> & { readonly data?: boolean }, command: Command) =>
      run(command, (context) => rollBack(context, release, values.data ?? false, consent(values))),
  )
  const deploys = program.command('deploys').description('deploys and roll-backs of the site, and what came of each')
  deploys
    .command('list', { isDefault: true })
    .description('newest first')
    .action((_values: object, command: Command) => run(command, deployHistory))
  deploys
    .command('commit [deploy]')
    .description('end the probation now: the release counts as good')
    .action((id: string | undefined, _values: object, command: Command) =>
      run(command, (context) => commitDeploy(context, id)),
    )
  deploys
    .command('settle <deploy>')
    .description('try again to bring one to its end that is stuck')
    .action((id: string, _values: object, command: Command) => run(command, (context) => settleDeploy(context, id)))
}
