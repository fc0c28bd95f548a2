/** A frame as the main process sees it; the part of `WebFrameMain` that is needed. */
export interface Frame {
  readonly id: string
  url: string
  origin: string
  readonly parent: Frame | null
  readonly top: Frame
  readonly frames: Frame[]
  detached: boolean
}

export function newFrame(id: string, parent: Frame | null): Frame {
  const frame: Frame = {
    id,
    url: 'about:blank',
    origin: 'null',
    parent,
    get top() {
      return parent?.top ?? frame
    },
    frames: [],
    detached: false,
  }
  parent?.frames.push(frame)
  return frame
}

/** All frames of a page by Chromium's id. */
export class FrameTree {
  readonly #frames = new Map<string, Frame>()
  readonly main: Frame

  constructor(mainId: string) {
    this.main = newFrame(mainId, null)
    this.#frames.set(mainId, this.main)
  }

  get(id: string): Frame | undefined {
    return this.#frames.get(id)
  }

  attach(id: string, parentId: string): void {
    const parent = this.#frames.get(parentId)
    if (parent && !this.#frames.has(id)) this.#frames.set(id, newFrame(id, parent))
  }

  detach(id: string): void {
    const frame = this.#frames.get(id)
    if (!frame || frame === this.main) return
    frame.detached = true
    this.#frames.delete(id)
    const siblings = frame.parent?.frames ?? []
    siblings.splice(siblings.indexOf(frame), 1)
    for (const child of [...frame.frames]) this.detach(child.id)
  }
}
