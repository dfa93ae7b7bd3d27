// Holds src/demo/population.ts, src/demo/writing.ts, src/demo/administrative.ts, src/demo/clinical.ts,
// src/demo/financial.ts, src/demo/codes.ts.

import t from 'tap'
import { copyWithNewIds, prepareOriginal } from '../../bench/multiply.js'
import {
  HOSPITAL_MIX,
  mixedSyntheticPieces,
  planSynthetic,
  type SyntheticOptions,
  syntheticPieces,
} from '../../src/demo/generate.js'
import { elementTree } from '../../src/fhir/elements.js'
import { parseTree } from '../../src/fhir/parse-tree.js'

for (const version of ['R4', 'STU3'] as const) {
  const options: SyntheticOptions = { version, seed: 7, mix: HOSPITAL_MIX, bytes: 9_000_000 }

  t.test(`every synthetic ${version} line is structurally valid FHIR ${version}`, async (t) => {
    const tree = elementTree(version)
    for (const [type, text] of filesOf(options)) {
      const source = Buffer.from(text)
      let start = 0
      for (let end = source.indexOf(10); end >= 0; end = source.indexOf(10, start)) {
        const parsed = parseTree(tree, source, start, end)
        const faults = parsed?.faults.map((fault) => `${fault.code} at ${fault.offset}`)
        if (faults === undefined || faults.length > 0) {
          t.fail(`${type}: ${faults}: ${source.toString('utf8', start, end)}`)
          break
        }
        JSON.parse(source.toString('utf8', start, end))
        start = end + 1
      }
    }
    t.pass('all lines parsed')
  })

  t.test(`the same options give the same ${version} bytes and another seed gives others`, async (t) => {
    const text = [...filesOf(options).values()].join('')
    t.ok(text === [...filesOf(options).values()].join(''))
    t.notOk(text === [...filesOf({ ...options, seed: 8 }).values()].join(''))
    t.ok(Math.abs(Buffer.byteLength(text) / options.bytes - 1) < 0.05, 'the size is met within 5 %')
  })
}

t.test('references point at resources that exist, and every id is another one', async (t) => {
  const files = filesOf({ version: 'R4', seed: 3, mix: HOSPITAL_MIX, bytes: 3_000_000 })
  const ids = new Set<string>()
  let lines = 0
  for (const [type, text] of files)
    for (const line of text.trimEnd().split('\n')) {
      ids.add(`${type}/${(JSON.parse(line) as { id: string }).id}`)
      lines++
    }
  t.equal(ids.size, lines)
  const text = [...files.values()].join('')
  for (const match of text.matchAll(
    /"reference":"((?:Patient|Encounter|Practitioner|Organization)\/[^"]+)"/g,
  ))
    if (!ids.has(match[1] as string)) t.fail(`${match[1]} does not exist`)
})

t.test('the types of a mixed stream are spread evenly', async (t) => {
  const plan = planSynthetic({
    version: 'R4',
    seed: 1,
    mix: { Patient: 1, Observation: 99 },
    bytes: 1_000_000,
  })
  const text = [...mixedSyntheticPieces(plan)].map((piece) => Buffer.from(piece).toString()).join('')
  const lines = text.trimEnd().split('\n')
  const half = lines
    .slice(0, lines.length / 2)
    .filter((line) => line.includes('"resourceType":"Patient"')).length
  const all = lines.filter((line) => line.includes('"resourceType":"Patient"')).length
  t.equal(all, plan.counts.get('Patient'))
  t.ok(Math.abs(half - all / 2) <= 1)
})

t.test('a copy of real lines differs from them in its ids only, and its references hold', async (t) => {
  const a = '6ff9d0fc-4c1d-4a35-a6bd-3b1a9cb0e3d3'
  const original = prepareOriginal(
    `{"resourceType":"Patient","id":"${a}","name":[{"family":"Ångström"}]}\n` +
      `{"resourceType":"Group","id":"plan","contained":[{"resourceType":"Patient","id":"c"}],"member":[{"entity":` +
      `{"reference":"Patient/${a}"}},{"entity":{"reference":"#c"}},{"entity":{"reference":"urn:uuid:${a}"}}]}\n` +
      '{"resourceType":"Group","id":"x","member":[{"entity":{"reference":"Group/plan"}}]}',
  )
  const seen = new Set<string>()
  for (let copy = 0; copy < 50; copy++) {
    const [patient, group, other] = copyWithNewIds(original, copy).toString().trimEnd().split('\n')
    const id = JSON.parse(patient as string).id as string
    const { id: groupId, member } = JSON.parse(group as string)
    const references = [...member, ...JSON.parse(other as string).member].map(
      (each: { entity: { reference: string } }) => each.entity.reference,
    )
    const expected = [`Patient/${id}`, '#c', `urn:uuid:${id}`, `Group/${groupId}`]
    if (references.join() !== expected.join()) t.same(references, expected)
    if (JSON.parse(patient as string).name[0].family !== 'Ångström') t.fail('a name changed')
    seen.add(id).add(groupId)
  }
  t.equal(seen.size, 100)
})

function filesOf(options: SyntheticOptions): Map<string, string> {
  const plan = planSynthetic(options)
  const files = new Map<string, string>()
  for (const type of plan.counts.keys())
    files.set(type, [...syntheticPieces(plan, type)].map((piece) => Buffer.from(piece).toString()).join(''))
  return files
}
