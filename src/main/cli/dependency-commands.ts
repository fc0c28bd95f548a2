import type { Command } from 'commander'
import { actOnDependency, checkDependency, dependencyList, dependencyShow } from './commands/dependencies.ts'
import type { Run } from './program.ts'

/** `wheelhouse dependency …`. */
export function addDependencyCommands(program: Command, run: Run): void {
  const dependency = program.command('dependency').description('what services call through the console')
  dependency
    .command('list', { isDefault: true })
    .description('their breakers, calls, checks, and who uses them')
    .action((_values: object, command: Command) => run(command, dependencyList))
  dependency
    .command('show <dependency>')
    .description('one of them, with the calls that it did not answer')
    .action((id: string, _values: object, command: Command) => run(command, (context) => dependencyShow(context, id)))
  dependency
    .command('isolate <dependency>')
    .description('keep all calls away from it until it is reset')
    .action((id: string, _values: object, command: Command) =>
      run(command, (context) => actOnDependency(context, 'isolate', id)),
    )
  dependency
    .command('reset <dependency>')
    .description('close its breaker: calls pass again')
    .action((id: string, _values: object, command: Command) =>
      run(command, (context) => actOnDependency(context, 'reset', id)),
    )
  dependency
    .command('check <dependency>')
    .description('ask it now how it is')
    .action((id: string, _values: object, command: Command) => run(command, (context) => checkDependency(context, id)))
}
