import { z } from 'zod'
import { expectation } from './expectation.ts'
import { keys, text, toggle } from './schema-leaves.ts'

/** Where snapshots are kept: exactly one of `folder`, `usb` and `s3`; see `target-rules.ts`. */
export const targetSchema = keys({
  folder: text('an absolute path').optional().meta({ description: 'A folder, best on another disk.' }),
  usb: keys({
    uuid: text('the id of a file system').optional().meta({
      description: 'The UUID of its file system, as `lsblk -f` shows it. Either this or `label`.',
    }),
    label: text('the name of a drive').optional().meta({ description: 'The label of its file system.' }),
    path: z
      .string({ error: expectation('value-wrong-type', 'a path on the drive such as `backups/lab`') })
      .default('wheelhouse')
      .meta({ words: 'path', description: 'Folder on the drive.' }),
  })
    .optional()
    .meta({
      description:
        'A drive that is plugged in now and then, known by its file system. The system mounts it; while it is not there backups wait.',
    }),
  s3: keys({
    endpoint: text('an address such as `https://s3.example`').meta({
      words: 'address',
      description: 'The server, by https; http only for this machine itself.',
    }),
    bucket: text('the name of a bucket').meta({ description: 'The bucket. It is not made by the console.' }),
    prefix: text('a text such as `lab/backups`').optional().meta({
      description: 'What the keys begin with. Without it the bucket is for these backups alone.',
    }),
    region: text('a region such as `eu-central-1`')
      .default('us-east-1')
      .meta({ description: 'The region, for servers that have several.' }),
    'path-style': toggle().prefault(true).meta({
      description: 'Whether the bucket stands in the path of addresses instead of in the name of the server.',
    }),
    'access-key': text('a secret such as `${secrets.S3_KEY}`').meta({
      description: 'The access key, as `${secrets.NAME}` and nothing else.',
    }),
    'secret-key': text('a secret such as `${secrets.S3_SECRET}`').meta({
      description: 'Its secret, as `${secrets.NAME}` and nothing else.',
    }),
    ca: text('an absolute path').optional().meta({
      words: 'path',
      description: 'Certificate of who may vouch for the server (PEM). Without it those that Node trusts.',
    }),
  })
    .optional()
    .meta({ description: 'A bucket of an S3-compatible server.' }),
})

export type TargetEntry = z.output<typeof targetSchema>
