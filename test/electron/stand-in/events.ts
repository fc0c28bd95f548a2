/** An event whose default can be prevented, as Electron passes it first to most listeners. */
export class PreventableEvent {
  #prevented = false

  get defaultPrevented(): boolean {
    return this.#prevented
  }

  preventDefault(): void {
    this.#prevented = true
  }
}
