// Holds src/commands/diff/diff.ts, src/commands/diff/text.ts, src/diff/examples.ts, src/diff/page-file.ts,
// src/diff/value-text.ts, src/diff/page/charts.ts, src/diff/page/html.ts, src/diff/page/page.ts,
// src/diff/page/sections.ts.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { diffText } from '../../src/commands/diff/text.js'
import { isColorWanted } from '../../src/config/environment/color.js'
import { writeDiffPage } from '../../src/diff/page-file.js'
import { compare, LOCAL_ACCESS } from '../support/diff-run.js'
import { elementAt, firstOf } from '../support/elements.js'
import { codeOf, filesIn, run, textIn, writeFiles } from '../support/pipeline-run.js'
import { sluice } from '../support/sluice.js'

const CANARY = 'Zanzibarowski'
const ESCAPE = '\u001b'
const TURN = '\u202e'
const COLOR = new RegExp(`${ESCAPE}\\[\\d+m`, 'g')
const HOSTILE = `${ESCAPE}[2J${TURN}</td></table><script>alert("${CANARY}")</script><img src=x onerror='alert(1)'>`

/** Each method, and values that would break out of whatever quotes them badly. */
const CONFIG = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: 'Patient.birthDate', method: 'dateShift' },
    { path: 'Patient.address.city', method: 'encrypt' },
    { path: 'Patient.address.postalCode', method: 'redact' },
    { path: 'Patient.telecom', method: 'redact' },
    { path: 'Patient.meta.lastUpdated', method: 'redact' },
  ],
  parameters: {
    dateShiftKey: 'shift',
    dateShiftScope: 'resource',
    cryptoHashKey: 'hash',
    encryptKey: '0123456789abcdef',
    enablePartialDatesForRedact: true,
    enablePartialZipCodesForRedact: true,
    restrictedZipCodeTabulationAreas: [],
  },
}

const PATIENT = {
  resourceType: 'Patient',
  id: CANARY,
  meta: { lastUpdated: '2021-03-04T05:06:07Z' },
  name: [{ family: CANARY, given: [HOSTILE, CANARY] }],
  telecom: [{ system: 'phone', value: CANARY }],
  birthDate: '1970-03-04',
  address: [{ city: CANARY, postalCode: '02139' }],
  managingOrganization: { reference: `Organization/${CANARY}` },
}

async function exported(folder: string) {
  const lines = [
    JSON.stringify(PATIENT),
    `{"resourceType":"Patient","${CANARY}":1}`,
    '',
    JSON.stringify(PATIENT),
  ]
  const before = writeFiles(join(folder, 'in'), { 'Patient <b>&.ndjson': lines.join('\n') })
  const after = join(folder, 'out')
  await run(before, after, { config: CONFIG })
  return { before, after }
}

t.test('the command and its page', async (t) => {
  const folder = t.testdir()
  const { before, after } = await exported(folder)
  const untouched = () => JSON.stringify([...filesIn(after), ...filesIn(`${after}.sluice`)])
  const filesBefore = untouched()

  t.test('counts are those of a pair made by hand', async (t) => {
    const { elements, values, types, lines, bytes } = await compare(before, after)
    t.same(
      elements.map(({ path, outcomes }) => [path, outcomes]),
      [
        ['Patient.address.city', { encrypted: 2 }],
        ['Patient.address.postalCode', { shortened: 2 }],
        ['Patient.birthDate', { shifted: 2 }],
        ['Patient.id', { hashed: 2 }],
        ['Patient.managingOrganization.reference', { hashed: 2 }],
        ['Patient.meta.lastUpdated', { shortened: 2 }],
        ['Patient.name.family', { kept: 2 }],
        ['Patient.name.given', { kept: 4 }],
        ['Patient.telecom.system', { removed: 2 }],
        ['Patient.telecom.value', { removed: 2 }],
      ],
    )
    t.same(values, { kept: 6, changed: 12, removed: 4, added: 0 })
    const labels = { ABSTRED: 2, CRYTOHASH: 2, MASKED: 2, PERTURBED: 2, REDACTED: 2 }
    const afterBytes = Buffer.byteLength(textIn(after, 'Patient <b>&.ndjson')) - 2
    t.same(bytes, { before: 2 * Buffer.byteLength(JSON.stringify(PATIENT)), after: afterBytes })
    t.same(types, [{ type: 'Patient', resources: 2, bytes, values, labels }])
    t.same(lines, { compared: 2, unchanged: 0, blank: 1, quarantined: 1, tooLong: 0, unreadable: 0 })
  })

  t.test('no value appears anywhere without --show-values', async (t) => {
    const page = join(folder, 'page.html')
    const options = [['--html', page], ['--json'], ['--limit', '10', '--type', 'Patient']]
    for (const more of options) {
      const { exitCode, stdout, stderr } = await sluice(['diff', before, after, ...more])
      t.equal(exitCode, 10, stderr)
      for (const value of [CANARY, '1970', '02139', '2021-'])
        t.notOk((stdout + stderr).includes(value), `${more}: ${value}`)
      t.match(stdout, /name/)
    }
    const text = readFileSync(page, 'utf8')
    for (const value of [CANARY, '1970', '02139', '2021-']) t.notOk(text.includes(value), value)
    t.match(text, '••• string')
  })

  t.test('masks tell nothing of how long a value is', async (t) => {
    const { examples } = await compare(before, after)
    const given = firstOf(examples).rows.filter(({ place }) => place.startsWith('name[0].given'))
    t.equal(given.length, 2)
    t.equal(firstOf(given).before, elementAt(given, 1).before)
  })

  t.test('hostile values and names are text on the page, and nothing is loaded', async (t) => {
    const page = join(folder, 'hostile.html')
    const summary = await writeDiffPage({ before, after, page, access: LOCAL_ACCESS, showValues: true })
    t.equal(summary.lines.compared, 2)
    const text = readFileSync(page, 'utf8')
    t.ok(text.includes(CANARY))
    t.ok(text.includes('&#60;script&#62;'))
    for (const part of ['<script', '<img', '<b>', ESCAPE, TURN]) t.notOk(text.includes(part), part)
    t.ok(text.includes("default-src 'none'"))
    t.equal(statSync(page).mode & 0o777, 0o600, 'only its owner reads a page with values')
    const tags = [...text.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?>/g)]
    t.equal([...text.matchAll(/</g)].length, tags.length + 1, 'every < begins a tag, but that of the doctype')
    for (const [tag] of tags) t.notMatch(tag, /\s(?:src|href|on\w+|style|action)\s*=/i)
    t.notMatch(text.slice(0, text.indexOf('</style>')), /url\(|@import/)
    t.match(text, 'Patient &#60;b&#62;&#38;.ndjson')
  })

  t.test('the page has charts, run facts, concerns and every element', async (t) => {
    const page = join(folder, 'whole.html')
    const summary = await writeDiffPage({ before, after, page, access: LOCAL_ACCESS, showValues: false })
    const text = readFileSync(page, 'utf8')
    t.equal([...text.matchAll(/<svg /g)].length, 3)
    for (const { path } of summary.elements) t.ok(text.includes(`<code>${path}</code>`), path)
    t.match(text, String(summary.run?.fingerprint))
    t.match(text, 'UNKNOWN_ELEMENT 1')
    t.match(
      text,
      /Look at these[\s\S]*Patient\.name\.given<\/code><\/th><td>HumanName<\/td><td class="number">4</,
    )
    t.match(text, 'prefers-color-scheme: dark')
    t.match(text, '@media print')
  })

  t.test('a page with values is not written among the outputs', async (t) => {
    const page = join(after, 'page.html')
    const options = { before, after, page, access: LOCAL_ACCESS }
    t.equal(await codeOf(writeDiffPage({ ...options, showValues: true })), 'USAGE')
    t.notOk(existsSync(page))
  })

  t.test('values are shown where they are asked for, without what moves a cursor', async (t) => {
    const { stdout } = await sluice(['diff', before, after, '--show-values', '--limit', '1'])
    t.match(stdout, /- telecom\[0\]\.value +removed +Zanzibarowski/)
    t.match(stdout, '\\u001b[2J')
    for (const part of [ESCAPE, TURN]) t.notOk(stdout.includes(part))
  })

  t.test('--json is one document', async (t) => {
    const { stdout } = await sluice(['diff', before, after, '--json', '--limit', '0'])
    const summary = JSON.parse(stdout)
    t.same(summary.examples, [])
    t.equal(summary.lines.compared, 2)
  })

  t.test('a person at a terminal gets colours, and NO_COLOR takes them away', async (t) => {
    const summary = await compare(before, after)
    const colored = [...diffText(summary, { isColored: true, width: 80 })]
    const plain = [...diffText(summary, { isColored: false, width: 80 })]
    t.ok(colored.some((line) => line.startsWith('\u001b[31m- telecom[0].value')))
    t.same(
      colored.map((line) => line.replaceAll(COLOR, '')),
      plain,
    )
    const rows = plain.slice(0, plain.indexOf(''))
    t.ok(rows.every((line) => line.length <= 80))
    const before80 = process.env.NO_COLOR
    process.env.NO_COLOR = '1'
    t.notOk(isColorWanted({ isTTY: true }))
    process.env.NO_COLOR = ''
    t.ok(isColorWanted({ isTTY: true }))
    t.notOk(isColorWanted({}))
    if (before80 === undefined) delete process.env.NO_COLOR
    else process.env.NO_COLOR = before80
  })

  t.test('nothing of the run is changed', async (t) => {
    t.equal(untouched(), filesBefore)
  })

  t.test('exit codes are those of every verb', async (t) => {
    const code = async (...words: string[]) => (await sluice(['diff', ...words])).exitCode
    t.equal(await code(), 2)
    t.equal(await code(before), 2)
    t.equal(await code(before, after, 'third'), 2)
    t.equal(await code(before, after, '--line', '0'), 2)
    t.equal(await code(join(folder, 'none'), after), 3)
    writeFileSync(join(folder, 'file'), '')
    t.equal(await code(before, after, '--html', join(folder, 'file', 'page.html')), 4)
    mkdirSync(join(folder, 'clean'))
    const clean = writeFiles(join(folder, 'clean', 'in'), { 'p.ndjson': JSON.stringify(PATIENT) })
    await run(clean, join(folder, 'clean', 'out'), { config: CONFIG })
    t.equal(await code(clean, join(folder, 'clean', 'out')), 0)
  })
})
