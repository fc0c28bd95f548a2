import type { Command } from 'commander'
import type { ConsentOptions } from './commands/consent.ts'
import { exportRecording, importRecording } from './commands/recording-files.ts'
import {
  type ReplayOptions,
  recordingDelete,
  recordingList,
  recordingReplay,
  recordingStart,
  recordingStop,
  type StartOptions,
} from './commands/recordings.ts'
import { consent, withConsent } from './consent-options.ts'
import { wholeNumber } from './option-values.ts'
import type { Run } from './program.ts'

/** `wheelhouse recording …`. */
export function addRecordingCommands(program: Command, run: Run): void {
  const recording = program
    .command('recording')
    .description('messages kept on disk: recorded, exported, imported, replayed')
  recording
    .command('list', { isDefault: true })
    .description('the recordings, newest first')
    .action((_values: object, command: Command) => run(command, recordingList))
  recording
    .command('start <name>')
    .description('record what passes on a topic filter, until it is stopped or reaches its bound')
    .option('--filter <filter>', 'topics: site/+/status, site/#', '#')
    .option('--text <text>', 'only with this text in topic or payload', '')
    .option('--messages <count>', 'at most so many', wholeNumber(1, 1_000_000), 1_000_000)
    .option('--for <duration>', 'at most so long: 30m, 2h, 1d', '1d')
    .action((name: string, values: StartOptions, command: Command) =>
      run(command, (context) => recordingStart(context, name, values)),
    )
  recording
    .command('stop <recording>')
    .description('end one; what it has kept stays')
    .action((id: string, _values: object, command: Command) => run(command, (context) => recordingStop(context, id)))
  recording
    .command('export <recording> <file>')
    .description('write one to a file as JSON Lines; the file appears when it is whole')
    .option('--force', 'replace a file that is there')
    .action((id: string, file: string, values: { readonly force?: boolean }, command: Command) =>
      run(command, (context) => exportRecording(context, id, file, values.force ?? false)),
    )
  recording
    .command('import <file>')
    .description('check every line of a file of JSON Lines, and make a recording of it')
    .option('--name <name>', 'what to call it; else as the file is called')
    .action((file: string, values: { readonly name?: string }, command: Command) =>
      run(command, (context) => importRecording(context, file, values.name)),
    )
  withConsent(recording.command('delete <recording>').description('delete one')).action(
    (id: string, values: Partial<ConsentOptions>, command: Command) =>
      run(command, (context) => recordingDelete(context, id, consent(values))),
  )
  withConsent(
    recording
      .command('replay <recording>')
      .description('publish the messages of one again')
      .option('--filter <filter>', 'only messages of these topics', '#')
      .option('--prefix <topic>', 'put this before every topic', '')
      .option('--broker <broker>', 'to this broker of the site; else each to the one that it came from')
      .option('--faster <times>', 'so many times as fast as they came: 10, 0.5', '1')
      .option('--rate <count>', 'so many a second instead', wholeNumber(1, 10_000)),
  ).action((id: string, values: Partial<ConsentOptions> & ReplayOptions, command: Command) =>
    run(command, (context) => recordingReplay(context, id, values, consent(values))),
  )
}
