import t from 'tap'
import type { BlobContainer } from '../../../../src/storage/azure/blob-container.js'
import { BlobAppender } from '../../../../src/storage/azure/state/blob-appender.js'
import { blobState } from '../../../../src/storage/azure/state/blob-state.js'
import { startAzurite } from '../../../support/azurite.js'
import { newContainer } from '../../../support/blob-containers.js'

const azurite = await startAzurite(t)

t.test('after a failure nothing more is kept, and every later call says so', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const appender = await BlobAppender.open(container, 'j', 0)
  await appender.append('one\n')
  await appender.keep()
  await container.appendBlock('j', Buffer.from('theirs\n'), { position: 4 })
  await appender.append('two\n')
  await t.rejects(appender.keep(), { code: 'SINK_LOCKED' })
  await container.createAppendBlob('j')
  await container.appendBlock('j', Buffer.from('one\n'), { position: 0 })
  await t.rejects(appender.keep(), { code: 'SINK_LOCKED' }, 'with nothing held back')
  await appender.append('three\n')
  await t.rejects(appender.flush(), { code: 'SINK_LOCKED' }, 'where it would fit again')
  t.equal((await container.readText('j'))?.text, 'one\n')
})

t.test('many small appends become few before the service takes no more, also on going on', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const lines = Array.from({ length: 23 }, (_, n) => `line ${n}\n`)
  const appendAll = async (appender: BlobAppender, texts: readonly string[]) => {
    for (const text of texts) {
      await appender.append(text)
      await appender.keep()
      const count = (await container.head('j'))?.committedBlockCount ?? 0
      t.ok(count <= 5, `${count} appends`)
    }
    await appender.close()
  }
  const before = lines.slice(0, 14)
  await appendAll(await BlobAppender.open(container, 'j', 0, { maxAppends: 5 }), before)
  const length = before.join('').length
  const grown: number[] = []
  const onGrown = (bytes: number) => grown.push(bytes)
  await appendAll(
    await BlobAppender.open(container, 'j', length, { maxAppends: 5, onGrown }),
    lines.slice(14),
  )
  t.equal((await container.readText('j'))?.text, lines.join(''))
  t.equal(grown.at(-1), lines.join('').length)
  t.equal(await container.head('j.aside'), undefined)
})

const CHANGING = new Set(['createAppendBlob', 'appendBlock', 'delete'])

/** A container at which something else happens before a call that changes something. */
const disturbed = (
  container: BlobContainer,
  before: (operation: string, name: unknown) => Promise<unknown>,
): BlobContainer =>
  new Proxy(container, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const act = (...args: readonly unknown[]) => Reflect.apply(value, target, args)
      if (!CHANGING.has(String(key))) return act
      return async (...args: readonly unknown[]) => {
        await before(String(key), args[0])
        return act(...args)
      }
    },
  })

t.test('whenever a process is killed that makes many appends few, nothing kept is lost', async (t) => {
  const before = Array.from({ length: 6 }, (_, n) => `line ${n}\n`).join('')
  const length = Buffer.byteLength(before)
  let ended = false
  for (let nth = 1; !ended; nth += 1) {
    const { container } = await newContainer(azurite, { role: 'sink' })
    const state = () => blobState({ container, place: 'here', prefix: 's/' })
    const whole = await state().appender('j', 0)
    await whole.append(before)
    await whole.keep()
    let count = 0
    const killed = disturbed(container, async () => {
      count += 1
      if (count >= nth) throw new Error('killed')
    })
    ended = await BlobAppender.open(killed, 's/j', length, { maxAppends: 1 })
      .then(async (appender) => {
        await appender.append('more\n')
        await appender.keep()
        return true
      })
      .catch(() => false)
    const next = state()
    const unlock = await next.lock()
    const text = await next.read('j')
    t.equal(text?.slice(0, length), before, `killed at ${nth}`)
    t.equal(await next.bytesOf('j'), Buffer.byteLength(text ?? ''))
    t.equal(await next.bytesOf('j.aside'), undefined)
    t.equal(await container.head('s/j.aside'), undefined)
    const goesOn = await next.appender('j', length)
    await goesOn.append('after\n')
    await goesOn.keep()
    t.equal(await next.read('j'), `${before}after\n`)
    await unlock()
    if (ended) t.equal(nth, 7, 'at every moment')
  }
})

t.test('what a kill left aside goes with the text it belongs to', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const state = blobState({ container, place: 'here', prefix: 's/' })
  const unlock = await state.lock()
  for (const name of ['removed', 'destroyed']) {
    await container.createAppendBlob(`s/${name}.aside`)
    await container.appendBlock(`s/${name}.aside`, Buffer.from('left\n'), { position: 0 })
  }
  await state.remove('removed')
  await state.destroy('destroyed')
  const left: string[] = []
  for await (const { name } of container.list('s/')) left.push(name)
  t.same(left, ['s/lock'])
  await unlock()
})

t.test('what another writes while many appends are made few is not taken away', async (t) => {
  const { container } = await newContainer(azurite, { role: 'sink' })
  const appender = await BlobAppender.open(container, 'j', 0, { maxAppends: 1 })
  await appender.append('one\n')
  await appender.keep()
  await container.appendBlock('j', Buffer.from('theirs\n'), { position: 4 })
  await appender.append('two\n')
  await t.rejects(appender.keep(), { code: 'SINK_LOCKED' })
  t.equal((await container.readText('j'))?.text, 'one\ntheirs\n')

  const late = disturbed(container, async (operation, name) => {
    if (operation === 'createAppendBlob' && name === 'j')
      await container.appendBlock('j', Buffer.from('more\n'), { position: 11 })
  })
  await t.rejects(BlobAppender.open(late, 'j', 4), { code: 'SINK_LOCKED' })
  t.equal((await container.readText('j'))?.text, 'one\ntheirs\nmore\n')
})
