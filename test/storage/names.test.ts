import t from 'tap'
import {
  checkName,
  fileNameFault,
  isDocumentName,
  isInHiddenFolder,
  isItemName,
  nameFault,
  notAnItem,
} from '../../src/storage/names.js'

t.test('items are what ends so and is neither hidden nor a report', async (t) => {
  for (const name of ['a.ndjson', 'a/b.NDJSON.gz', 'x.jsonl', 'x.xndjson', 'x.json.gz', 'x.NDJSON.zst'])
    t.ok(isItemName(name), name)
  for (const [name, reason] of [
    ['a.txt', 'unknown-ending'],
    ['ndjson', 'unknown-ending'],
    ['a.ndjson.zip', 'unknown-ending'],
    ['a/.b.ndjson', 'hidden'],
    ['a/run.json', 'own-name'],
  ] as const)
    t.equal(notAnItem(name), reason, name)
  for (const name of ['a.json', 'a.JSON.gz', 'a.json.zst']) t.ok(isDocumentName(name), name)
  for (const name of ['a.ndjson', 'a.jsonl', 'json']) t.notOk(isDocumentName(name), name)
})

t.test('hidden folders begin with a dot and have more of a name', async (t) => {
  for (const name of ['.a/b', 'a/.git/b', '...x/b']) t.ok(isInHiddenFolder(name), name)
  for (const name of ['a/b', './a', '../a', 'a.b/c']) t.notOk(isInHiddenFolder(name), name)
})

t.test('a name that leaves its folder, is no text or is too long has a fault', async (t) => {
  for (const name of ['../a', '/a', 'a//b', 'a/../b', '', 'a/']) {
    t.ok(nameFault(name), name)
    t.throws(() => checkName(name), { code: /^[A-Z_]+$/ }, name)
  }
  t.match(nameFault('a\uFFFD.ndjson'), /UTF-8/)
  t.equal(nameFault('a/b ü.ndjson'), undefined)
  t.match(fileNameFault('ü'.repeat(101)), /200 bytes/)
  t.equal(fileNameFault('ü'.repeat(100)), undefined)
  t.match(fileNameFault('abcdefghi/'.repeat(301)), /3000 bytes/)
})
