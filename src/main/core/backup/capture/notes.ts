const bound = 100

/** What a capture has to say about single files, bounded: a disk full of errors must not fill the record. */
export class Notes {
  readonly #warnings: string[] = []
  #more = 0
  /** Something in the snapshot is not as it should be. */
  partial = false
  /** Paths that could not be read at all. */
  readonly lost: string[] = []

  warn(sentence: string): void {
    if (this.#warnings.length < bound) this.#warnings.push(sentence)
    else this.#more++
  }

  /** A warning after which the snapshot does not count as whole. */
  blame(sentence: string): void {
    this.partial = true
    this.warn(sentence)
  }

  lose(path: string, reason: string): void {
    this.lost.push(path)
    this.blame(`${path} could not be read and is not in the snapshot: ${reason}. ${remedyOf(reason)}`)
  }

  warnings(): readonly string[] {
    return this.#more > 0 ? [...this.#warnings, `${this.#more} more warnings are not listed.`] : this.#warnings
  }
}

/** What to do about a file that could not be read, by the system's own words. */
function remedyOf(reason: string): string {
  if (/EACCES|EPERM/.test(reason))
    return 'Give the user of the console the right to read it, or leave it out by backup.exclude.'
  if (/EIO|EUCLEAN/.test(reason)) return 'Check the disk of the site: it cannot give back what was written there.'
  return 'Look at the file, then back up again; leave it out by backup.exclude when it is not needed.'
}
