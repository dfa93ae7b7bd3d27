import t from 'tap'
import {
  parseByteCount,
  parseCountOrShare,
  printByteCount,
  printCount,
  printCounted,
} from '../../../src/config/units/sizes.js'

t.test('sizes have decimal and binary units, whatever their case', async (t) => {
  const sizes = { '1': 1, '12 B': 12, '1.5kB': 1500, '64m': 64 * 2 ** 20, '2GiB': 2 ** 31, '3 tb': 3e12 }
  for (const [text, bytes] of Object.entries(sizes)) t.equal(parseByteCount(text), bytes, text)
})

t.test('a size is a whole number of bytes above zero', async (t) => {
  for (const text of ['', '0', '-1', '1,5MB', '1 light-year', 'MiB', '1e3', '99999999999TB', '1kconstructor'])
    t.equal(parseByteCount(text), undefined, text)
})

t.test('sizes and counts are printed for people', async (t) => {
  t.equal(printByteCount(1023), '1023 B')
  t.equal(printByteCount(1024), '1.0 KiB')
  t.equal(printByteCount(512 * 2 ** 20), '512.0 MiB')
  t.equal(printByteCount(2 ** 52), '4096.0 TiB')
  t.equal(printCount(7), '7')
  t.equal(printCount(1234567), '1,234,567')
})

t.test('a limit is a count of lines or a share of them', async (t) => {
  t.same(parseCountOrShare('25'), { count: 25 })
  t.same(parseCountOrShare(' 0.5% '), { percent: 0.5 })
  t.same(parseCountOrShare('100%'), { percent: 100 })
  for (const text of ['', '2.5', '101%', '-1', '%', 'ten']) t.equal(parseCountOrShare(text), undefined, text)
})

t.test('a count has its noun in the singular or the plural', async (t) => {
  t.equal(printCounted(1, 'file'), '1 file')
  t.equal(printCounted(0, 'file'), '0 files')
  t.equal(printCounted(1, 'entry', 'entries'), '1 entry')
  t.equal(printCounted(1234, 'entry', 'entries'), '1,234 entries')
})
