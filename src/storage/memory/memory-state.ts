import { lockedError } from '../lock-wait.js'
import { type Appender, NO_EPOCH, type State } from '../store.js'
import { type Growing, type MemoryContent, shortened } from './memory-content.js'

/** The texts of `content` whose names begin with `prefix`, as the state of its outputs. */
export function memoryState(content: MemoryContent, alive: () => void, prefix = ''): State {
  const { texts, place, locks } = content
  const textOf = (name: string): Growing | undefined => {
    alive()
    return texts.get(prefix + name)
  }
  const forget = async (name: string): Promise<void> => {
    alive()
    texts.delete(prefix + name)
  }
  return {
    place: `${place}.sluice`,
    async lock() {
      alive()
      if (locks.has(prefix)) throw lockedError(place)
      const me = {}
      locks.set(prefix, me)
      return async () => {
        if (locks.get(prefix) === me) locks.delete(prefix)
      }
    },
    holder: async () => (locks.has(prefix) ? { host: 'memory', signature: prefix } : undefined),
    lockLife: { kind: 'expires', afterMs: 0 },
    async confirm() {
      alive()
    },
    epoch: () => NO_EPOCH,
    read: async (name) => textOf(name)?.bytes.toString(),
    async *pieces(name) {
      const text = textOf(name)
      if (text !== undefined) yield text.bytes
    },
    async write(name, text) {
      alive()
      const bytes = Buffer.from(text)
      texts.set(prefix + name, { bytes, keptBytes: bytes.length, flushedBytes: bytes.length })
    },
    async appender(name, keepBytes) {
      const there = textOf(name)
      const bytes = there?.bytes.subarray(0, keepBytes) ?? Buffer.alloc(0)
      const flushedBytes = Math.min(bytes.length, there?.flushedBytes ?? 0)
      texts.set(prefix + name, { bytes, keptBytes: bytes.length, flushedBytes })
      return appenderOf(content, prefix + name, alive)
    },
    bytesOf: async (name) => textOf(name)?.bytes.length,
    remove: forget,
    destroy: forget,
    async clear() {
      alive()
      for (const name of texts.keys()) if (name.startsWith(prefix)) texts.delete(name)
    },
    below: (name) => memoryState(content, alive, `${prefix}${name}/`),
    bootId: async () => content.bootId,
  }
}

function appenderOf({ texts }: MemoryContent, name: string, alive: () => void): Appender {
  // A text that was removed or restarted meanwhile no longer belongs to the appender.
  let text = texts.get(name) ?? { bytes: Buffer.alloc(0), keptBytes: 0, flushedBytes: 0 }
  const replace = (next: Growing): void => {
    alive()
    if (texts.get(name) === text) texts.set(name, next)
    text = next
  }
  return {
    append: async (more) => replace({ ...text, bytes: Buffer.concat([text.bytes, Buffer.from(more)]) }),
    keep: async () => replace({ ...text, keptBytes: text.bytes.length }),
    async flush() {
      replace({ ...text, keptBytes: text.bytes.length, flushedBytes: text.bytes.length })
    },
    close: async () => replace(shortened(text, 'keptBytes')),
  }
}
