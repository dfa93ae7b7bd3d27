// Holds src/anonymizer/walk/layout.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  ACT,
  CHOICE,
  CODE_CACHE_BYTES,
  CODE_COUNTER_BYTES,
  EDGE,
  FACT,
  MASK,
  PART,
  SETTINGS,
  START,
  START_FLAG,
  TABLE,
} from '../../src/anonymizer/walk/layout.js'
import { projectRoot } from '../support/shared.js'

const SOURCE = readFileSync(join(projectRoot, 'assembly/records.ts'), 'utf8')

/** The constants of a namespace of the module's source, by name. */
function constantsOf(namespace: string): Readonly<Record<string, number>> {
  const body = new RegExp(`export namespace ${namespace} \\{([^}]*)\\}`).exec(SOURCE)?.[1] ?? ''
  const found = body.matchAll(/export const (\w+)(?:: \w+)? = (0x[0-9a-f]+|\d+)/g)
  return Object.fromEntries([...found].map(([, name, value]) => [name, Number(value)]))
}

const withoutSize = ({ BYTES: _, ...fields }: Readonly<Record<string, number>>) => fields

t.test('the host writes each field where the module reads it', async (t) => {
  t.same(constantsOf('Act'), ACT)
  t.same(constantsOf('Fact'), FACT)
  t.same(constantsOf('Edge'), EDGE)
  t.same(constantsOf('Part'), { INDEX: 0xffff, ...PART })
  t.same(constantsOf('Table'), withoutSize(TABLE))
  t.same(constantsOf('Mask'), MASK)
  t.match(constantsOf('Choice'), CHOICE)
  t.same(constantsOf('Start'), { ...withoutSize(START), ...START_FLAG })
  t.same(constantsOf('Settings'), withoutSize(SETTINGS))
})

t.test('fields do not overlap, and a record holds them all', async (t) => {
  for (const record of [TABLE, START, SETTINGS]) {
    const { BYTES, ...fields } = record
    const offsets = Object.values(fields).sort((a, b) => a - b)
    for (const [k, offset] of offsets.entries()) t.equal(offset, k * 4)
    t.ok(BYTES >= offsets.length * 4)
  }
})

t.test('the host makes as much room for verdicts on codes as the module uses', async (t) => {
  const source = ['code-cache', 'codes'].map((name) =>
    readFileSync(join(projectRoot, `assembly/${name}.ts`), 'utf8'),
  )
  const constant = (name: string): number =>
    Number(new RegExp(`^const ${name}: \\w+ = (\\d+)$`, 'm').exec(source.join('\n'))?.[1])
  const [codes, systems] = ['CODE', 'SYSTEM'].map(
    (name) => constant(`${name}_BYTES`) * 2 ** constant(`${name}_BITS`),
  )
  t.equal(CODE_CACHE_BYTES, Number(codes) + Number(systems))
  t.equal(CODE_COUNTER_BYTES, constant('COUNTER_BYTES'))
})
