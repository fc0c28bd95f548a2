import { hostname } from 'node:os'
import { Argument, type Command } from 'commander'
import { type GenerateOptions, generate, type SystemFile } from './commands/generate.ts'
import { wholeNumber } from './option-values.ts'
import type { CommonValues, ProgramOptions, Run } from './program.ts'

/** `wheelhouse generate`. */
export function addGenerateCommand(program: Command, options: ProgramOptions, run: Run): void {
  program
    .command('generate')
    .addArgument(new Argument('<what>', 'which file').choices(['systemd', 'nginx', 'logrotate']))
    .description('make a unit of systemd, a site of nginx or a rule of logrotate for the site; opens nothing')
    .option('--to <file>', 'write it there instead of printing it')
    .option('--force', 'write over a file that exists')
    .option('--user <name>', 'user and group that the console and its services run as', 'wheelhouse')
    .option('--home <folder>', 'folder that the console keeps its own in', '/var/lib/wheelhouse')
    .option('--port <number>', 'port of the page on 127.0.0.1', wholeNumber(1, 65_535), 4410)
    .option('--server-name <name>', 'nginx: name of this machine as browsers know it', hostname())
    .option('--certificate <file>', 'nginx: the certificate', '/etc/ssl/certs/wheelhouse.pem')
    .option('--certificate-key <file>', 'nginx: its key', '/etc/ssl/private/wheelhouse.key')
    .option('--devices', 'systemd: services use devices such as cameras and serial ports')
    .action(async (what: SystemFile, values: GenerateOptions, command: Command) => {
      const directory = await options.siteFolder(command.optsWithGlobals<CommonValues>())
      await run(command, (context) => generate(context, what, directory, values, options))
    })
}
