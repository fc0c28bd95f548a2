import { readFileSync } from 'node:fs'
import type { Rectangle } from 'electron'
import { z } from 'zod'
import { writeDurably } from '#core/platform/index.ts'

const windowStateSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(320).max(32_767),
  height: z.number().int().min(240).max(32_767),
  maximized: z.boolean(),
})

/** Where the window was and how large. Device-independent pixels. */
export type WindowState = z.infer<typeof windowStateSchema>

const firstSize = { width: 1_280, height: 820 }

/**
 * Where to open the window: where it was, when enough of it would lie on a display that is still there; otherwise in its old
 * size, placed by the desktop. `areas` are the displays' work areas.
 */
export function placement(
  remembered: WindowState | undefined,
  areas: readonly Rectangle[],
): { readonly x?: number; readonly y?: number; readonly width: number; readonly height: number } {
  if (!remembered) return firstSize
  const { x, y, width, height } = remembered
  return areas.some((area) => overlap(remembered, area) >= 100) ? { x, y, width, height } : { width, height }
}

/** The smaller side of what two rectangles share; 0 where they share nothing. */
function overlap(a: Rectangle, b: Rectangle): number {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, Math.min(across, down))
}

/** Reads the remembered state; undefined where there is none or it cannot be used. Read at once: the window waits for it. */
export function readWindowState(file: string): WindowState | undefined {
  try {
    return windowStateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

export function writeWindowState(file: string, state: WindowState): Promise<void> {
  return writeDurably(file, `${JSON.stringify(state)}\n`)
}
