import { createHash, randomUUID } from 'node:crypto'
import type { State } from '../../storage/store.js'

const OWNER = 'owner'

/** Returns the id of a state, which cannot be guessed; makes one if there is none. */
export async function ownerOf(state: State): Promise<string> {
  const there = await state.read(OWNER)
  if (there !== undefined) return there
  const made = randomUUID()
  await state.write(OWNER, made)
  return made
}

/** Mark kept with an output that shows that it was made under this state. A copy elsewhere was not. */
export const markOf = (owner: string, place: string, output: string): string =>
  createHash('sha256')
    .update(JSON.stringify([owner, place, output]))
    .digest('hex')
    .slice(0, 32)
