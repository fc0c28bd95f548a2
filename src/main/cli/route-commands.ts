import type { Command } from 'commander'
import { routeStages } from './commands/route-stages.ts'
import { routeCheck, routeList, routeRemove, routeSave, routeShow, routeTry } from './commands/routes.ts'
import type { Run } from './program.ts'

/** `wheelhouse route …`. */
export function addRouteCommands(program: Command, run: Run): void {
  const route = program.command('route').description('where messages go: how routes are written, tried and changed')
  route
    .command('list [route]', { isDefault: true })
    .description('every route, what came in and what became of it; of one route also what each of its stages did')
    .action((id: string | undefined, _values: object, command: Command) =>
      run(command, (context) => (id === undefined ? routeList(context) : routeStages(context, id))),
    )
  route
    .command('show <route>')
    .description('its text, as site.yaml has it')
    .action((id: string, _values: object, command: Command) => run(command, (context) => routeShow(context, id)))
  route
    .command('check <route> <file>')
    .description('what would be wrong with site.yaml if the route were written like the file')
    .action((id: string, file: string, _values: object, command: Command) =>
      run(command, (context) => routeCheck(context, id, file)),
    )
  route
    .command('try <route> <file>')
    .description('take recorded messages through the route as it is and as the file has it; delivers nothing')
    .option('--recording <id>', 'the messages of a recording')
    .option('--messages <file>', 'messages in a file, JSON Lines')
    .action((id: string, file: string, values: { recording?: string; messages?: string }, command: Command) => {
      if ((values.recording === undefined) === (values.messages === undefined))
        command.error('error: say on which messages, with --recording or with --messages')
      return run(command, (context) => routeTry(context, id, file, values))
    })
  route
    .command('save <route> <file>')
    .description('write the route into site.yaml like the file, and put it to use')
    .action((id: string, file: string, _values: object, command: Command) =>
      run(command, (context) => routeSave(context, id, file)),
    )
  route
    .command('remove <route>')
    .description('take the route out of site.yaml')
    .action((id: string, _values: object, command: Command) => run(command, (context) => routeRemove(context, id)))
}
