import t from 'tap'
import { memorySink } from '../../../src/storage/memory/memory.js'
import { MemoryContent } from '../../../src/storage/memory/memory-content.js'

const FACTS = { sourceVersion: 'v', lines: 1, quarantined: 0 }

for (const cause of ['process', 'power'] as const)
  t.test(`a crash of the ${cause} takes what did not have to outlive it`, async (t) => {
    const isProcess = cause === 'process'
    const content = new MemoryContent()
    content.write('x.ndjson', 'before')
    const sink = memorySink(content)
    await sink.state.lock()
    const boot = await sink.state.bootId()
    const journal = await sink.state.appender('j', 0)
    await journal.append('flushed ')
    await journal.flush()
    await journal.append('kept ')
    await journal.keep()
    await journal.append('lost')
    const item = sink.item('y.ndjson', 'f')
    await item.resume(0)
    await item.append([Buffer.from('flushed ')])
    await item.complete()
    await item.flush()
    await item.append([Buffer.from('kept ')])
    await item.append([Buffer.from('lost')])
    const unsettled = sink.item('x.ndjson', 'f')
    await unsettled.resume(0)
    await unsettled.append([Buffer.from('after')])
    await unsettled.complete()
    await unsettled.flush()
    const sealed = await unsettled.sealed()
    await unsettled.commit(FACTS)

    content.crash(cause)
    await t.rejects(item.append([Buffer.from('more')]), { code: 'SINK_UNWRITABLE' })
    await t.rejects(journal.append('more'), { code: 'SINK_UNWRITABLE' })
    await t.rejects(sink.get('x.ndjson'), { code: 'SINK_UNWRITABLE' })
    const later = memorySink(content)
    const unlock = await later.state.lock()
    await unlock()
    t.equal(await later.state.read('j'), isProcess ? 'flushed kept ' : 'flushed ')
    t.equal(content.staged.get('y.ndjson')?.bytes.toString(), isProcess ? 'flushed kept ' : 'flushed ')
    t.equal(await later.get('x.ndjson'), isProcess ? 'after' : 'before')
    t.equal(await later.item('x.ndjson', 'f').find(sealed), isProcess ? 'committed' : 'ready')
    t.equal((await later.state.bootId()) === boot, isProcess)
  })
