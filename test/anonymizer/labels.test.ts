import t from 'tap'
import {
  addLabels,
  fullInstant,
  LABEL_CODES,
  labelCode,
  metaWithLabels,
} from '../../src/anonymizer/labels.js'
import { RECORD, RECORD_NAMES } from '../../src/anonymizer/methods/leaf.js'
import { Output } from '../../src/anonymizer/output.js'

const ALL = Object.values(RECORD).reduce((bits, bit) => bits | bit, 0)
const CODES = ['REDACTED', 'ABSTRED', 'CRYTOHASH', 'MASKED', 'PERTURBED', 'SUBSTITUTED', 'GENERALIZED']

interface Meta {
  readonly security: readonly { readonly code: string; readonly system?: string; readonly display: string }[]
}

/** The codes in a meta to which labels were added, with the rest of the line still after it. */
function labelled(meta: string, records: number): string[] {
  const out = new Output(16)
  const line = `{"meta":${meta},"id":"x"}`
  out.reserve(line.length)
  out.bytes.write(line)
  out.length = line.length
  addLabels(out, 8, 8 + meta.length, records)
  const { meta: written, id } = JSON.parse(out.bytes.toString('utf8', 0, out.length)) as {
    meta: Meta
    id: string
  }
  if (id !== 'x') throw new Error('what follows is not there')
  return written.security.map(({ code }) => code)
}

t.test('labels come in the order of the records, each with the code of its record', async (t) => {
  const { meta } = JSON.parse(`{${metaWithLabels(ALL)}}`) as { readonly meta: Meta }
  t.same(
    meta.security.map(({ code }) => code),
    CODES,
  )
  t.same(RECORD_NAMES.map(labelCode), CODES)
  t.same([...LABEL_CODES], CODES)
  for (const name of RECORD_NAMES)
    t.match(String(metaWithLabels(RECORD[name])), `"code":"${labelCode(name)}"`)
})

t.test('labels are added to a meta, after what is there', async (t) => {
  const two = RECORD.REDACT | RECORD.PERTURB
  t.same(labelled('{}', two), ['REDACTED', 'PERTURBED'])
  t.same(labelled('{"versionId":"1"}', two), ['REDACTED', 'PERTURBED'])
  t.same(labelled('{"security":[]}', two), ['REDACTED', 'PERTURBED'])
  t.same(labelled('{"security":[{"code":"R"}],"versionId":"1"}', two), ['R', 'REDACTED', 'PERTURBED'])
  t.same(labelled('{"security":"odd"}', two), ['REDACTED', 'PERTURBED'])
})

t.test('a label that is there, in any case and of any system, is not added again', async (t) => {
  t.same(labelled('{"security":[{"system":"x","code":"redacted"}]}', RECORD.REDACT), ['redacted'])
  t.same(
    labelled('{"security":[{"code":"\\u0052EDACTED"}, 7]}', RECORD.REDACT | RECORD.ENCRYPT).filter(Boolean),
    ['REDACTED', 'MASKED'],
  )
})

t.test('a part of a date becomes the instant it begins with', async (t) => {
  t.equal(fullInstant('"2015"'), '"2015-01-01T00:00:00+00:00"')
  t.equal(fullInstant('"2015-02"'), '"2015-02-01T00:00:00+00:00"')
  t.equal(fullInstant('"2015-02-07"'), '"2015-02-07T00:00:00+00:00"')
  for (const json of ['"2015-02-07T00:00:00Z"', '2015', '"text"', 'null']) t.equal(fullInstant(json), json)
})
