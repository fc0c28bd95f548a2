import type { Command } from 'commander'
import type { ConsentOptions } from './commands/consent.ts'
import { checkDatabase, copyDatabase, databaseStatus, recoverDatabase } from './commands/databases.ts'
import { storeCheck, storeCopy, storeRecover, storeStatus } from './commands/store.ts'
import { consent, withConsent } from './consent-options.ts'
import type { Run } from './program.ts'

/** `wheelhouse store …`: the console's own databases. */
export function addStoreCommands(program: Command, run: Run): void {
  const store = program
    .command('store')
    .description("the console's own databases: state, copies, checks, what was set aside")
    .action((_values: object, command: Command) => run(command, storeStatus))
  store
    .command('status')
    .description('the same')
    .action((_values: object, command: Command) => run(command, storeStatus))
  store
    .command('check [database]')
    .description('look for damage in control or messages, or in both; a damaged one is recovered')
    .option('--full', 'indexes and foreign keys too, not the structure alone')
    .action((name: string | undefined, values: { readonly full?: boolean }, command: Command) =>
      run(command, (context) => storeCheck(context, databaseNamed(command, name), values.full ?? false)),
    )
  store
    .command('copy [database]')
    .description('take a copy of control or messages, or of both, opened and checked')
    .action((name: string | undefined, _values: object, command: Command) =>
      run(command, (context) => storeCopy(context, databaseNamed(command, name))),
    )
  withConsent(
    store.command('recover <database>').description('put a good database in the place of a damaged one'),
  ).action((name: string, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => storeRecover(context, databaseNamed(command, name) ?? 'control', consent(values))),
  )
}

function databaseNamed(command: Command, name: string | undefined): 'control' | 'messages' | null {
  if (name === undefined || name === 'control' || name === 'messages') return name ?? null
  return command.error(`error: there is no database "${name}"; the console has control and messages`)
}

/** `wheelhouse database …`: those of the site. */
export function addDatabaseCommands(program: Command, run: Run): void {
  const database = program.command('database').description('the databases that the site uses')
  database
    .command('status', { isDefault: true })
    .description('how they are: pool, statements, size, last check, newest copy')
    .action((_values: object, command: Command) => run(command, databaseStatus))
  database
    .command('check <service>')
    .description('read all of a database for damage')
    .action((service: string, _values: object, command: Command) =>
      run(command, (context) => checkDatabase(context, service)),
    )
  database
    .command('copy <service>')
    .description('take a checked copy of a SQLite database now')
    .action((service: string, _values: object, command: Command) =>
      run(command, (context) => copyDatabase(context, service)),
    )
  withConsent(
    database
      .command('recover <service>')
      .description('set a damaged SQLite database aside and put its newest good copy in its place'),
  ).action((service: string, values: Partial<ConsentOptions>, command: Command) =>
    run(command, (context) => recoverDatabase(context, service, consent(values))),
  )
}
