import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { isSluiceError } from '../../src/errors.js'
import { folderSource } from '../../src/storage/folder/folder.js'
import type { Source, SourceItem } from '../../src/storage/store.js'
import { codeOf, KEEP_ALL, run, textIn, writeFiles } from '../support/pipeline-run.js'

const PATIENT = (id: string) => `{"resourceType":"Patient","id":"${id}"}\n`

/** Changes that leave size, modification time and name as they are. */
const CHANGES: Readonly<Record<string, (path: string, content: string) => void>> = {
  'rewritten in place': (path, content) => {
    const { atime, mtime } = statSync(path)
    writeFileSync(path, content)
    utimesSync(path, atime, mtime)
  },
  'replaced by another file': (path, content) => {
    const { atime, mtime } = statSync(path)
    writeFileSync(`${path}.new`, content)
    utimesSync(`${path}.new`, atime, mtime)
    renameSync(`${path}.new`, path)
  },
  'rewritten twice': (path, content) => {
    const { atime, mtime } = statSync(path)
    const before = readFileSync(path)
    writeFileSync(path, content)
    writeFileSync(path, before)
    writeFileSync(path, content)
    utimesSync(path, atime, mtime)
  },
}

t.test('an input of the same size and time but other content is anonymized again', async (t) => {
  for (const [name, change] of Object.entries(CHANGES)) {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'x.ndjson': PATIENT('a') })
    const output = join(folder, 'out')
    await run(input, output, { config: KEEP_ALL })
    change(join(input, 'x.ndjson'), PATIENT('b'))
    const report = await run(input, output, { config: KEEP_ALL })
    t.equal(textIn(output, 'x.ndjson'), PATIENT('b'), name)
    t.equal(report.items.committed, 1)
    t.equal((await run(input, output, { config: KEEP_ALL })).items.finishedBefore, 1, 'unchanged: not redone')
  }
})

t.test('one that changes while it is read is SOURCE_CHANGED, never a mixture', async (t) => {
  for (const [name, change] of Object.entries(CHANGES)) {
    const folder = t.testdir()
    const before = Array.from({ length: 20_000 }, () => PATIENT('a')).join('')
    const input = writeFiles(join(folder, 'in'), { 'x.ndjson': before })
    const output = join(folder, 'out')
    let isChanged = false
    const report = await run(input, output, {
      config: KEEP_ALL,
      faultPoint: (point) => {
        if (point !== 'before-append' || isChanged) return
        isChanged = true
        change(join(input, 'x.ndjson'), before.replaceAll('"a"', '"b"'))
      },
    })
    t.match(report.failed, [{ item: 'x.ndjson', code: 'SOURCE_CHANGED' }], name)
    t.throws(() => textIn(output, 'x.ndjson'), { code: 'ENOENT' })
    await run(input, output, { config: KEEP_ALL })
    t.equal(textIn(output, 'x.ndjson'), before.replaceAll('"a"', '"b"'), 'and the next run has all of it')
  }
})

t.test('other permissions or names of a file count as a change: it is read once more', async (t) => {
  const touches: Readonly<Record<string, (path: string) => void>> = {
    chmod: (path) => chmodSync(path, 0o600),
    'a hard link': (path) => linkSync(path, `${path}.link`),
  }
  for (const [name, touch] of Object.entries(touches)) {
    const folder = t.testdir()
    const input = writeFiles(join(folder, 'in'), { 'x.ndjson': PATIENT('a') })
    const source = folderSource(input)
    const item = await source.head('x.ndjson')
    if (item === undefined) throw new Error('the input is not found')
    touch(join(input, 'x.ndjson'))
    const error = await source.open(item, 0).catch((reason: unknown) => reason)
    t.ok(isSluiceError(error) && error.code === 'SOURCE_CHANGED', name)
    const output = join(folder, 'out')
    t.equal((await run(input, output, { config: KEEP_ALL })).items.committed, 1)
  }
})

t.test('across hosts, size and modification time make the version', async (t) => {
  const open = async (change: (path: string) => void) => {
    const input = writeFiles(join(t.testdir(), 'in'), { 'sub/x.ndjson': PATIENT('a') })
    const path = join(input, 'sub/x.ndjson')
    const listed = await across(input)
    const [item] = listed.items
    if (item === undefined) throw new Error('the input is not listed')
    t.equal(item.version, `${item.bytes}-${statSync(path, { bigint: true }).mtimeNs}`)
    change(path)
    // What one task listed is opened by another, whichever form its own source has.
    const codes: (string | undefined)[] = []
    for (const source of [(await across(input)).source, folderSource(input)])
      codes.push(
        await codeOf(
          source.open(item, 0).then(async (reader) => {
            await reader.read(Buffer.alloc(item.bytes))
            await reader.verify()
            await reader.close()
          }),
        ),
      )
    t.equal((await listed.source.head(item.name))?.version === item.version, codes[0] === undefined)
    return codes
  }
  for (const [name, touch] of Object.entries({
    chmod: (path: string) => chmodSync(path, 0o600),
    'another inode': (path: string) => {
      const { mtimeNs } = statSync(path, { bigint: true })
      renameSync(path, `${path}.old`)
      execFileSync('cp', ['-p', `${path}.old`, path])
      t.not(statSync(path).ino, statSync(`${path}.old`).ino)
      t.equal(statSync(path, { bigint: true }).mtimeNs, mtimeNs)
    },
  }))
    t.strictSame(await open(touch), [undefined, undefined], name)
  const changes: Readonly<Record<string, (path: string) => void>> = {
    'another time': (path) => utimesSync(path, 1, 1),
    'another size': (path) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, PATIENT('longer'))
      utimesSync(path, atime, mtime)
    },
  }
  for (const [name, change] of Object.entries(changes))
    t.strictSame(await open(change), ['SOURCE_CHANGED', 'SOURCE_CHANGED'], name)
})

async function across(input: string): Promise<{ readonly source: Source; readonly items: SourceItem[] }> {
  const source = await folderSource(input).acrossHosts?.()
  if (source === undefined) throw new Error('a folder has versions of its host')
  const items: SourceItem[] = []
  for await (const item of source.list(() => {})) items.push(item)
  return { source, items }
}
