import t from 'tap'
import { elementTree } from '../../src/fhir/elements.js'
import { isListed, mayBeInLimitedDataSet, mayBeKept } from './kept.js'
import {
  canariesIn,
  EXACT_DATE,
  type Place,
  type Planting,
  placeText,
  plantResource,
  resourceTypes,
} from './planting.js'
import { LIMITED_DATA_SET, loadPreset, PRESETS } from './preset.js'

for (const { name, version } of [...PRESETS, LIMITED_DATA_SET])
  t.test(
    `${name}: of a value in every element of every resource type only listed codes and numbers survive`,
    async (t) => {
      const preset = await loadPreset(name)
      const interpreter = await loadPreset(name, 'interpreter')
      const keepsDates = name === LIMITED_DATA_SET.name
      const isLimited = (place: Place): boolean => keepsDates && mayBeInLimitedDataSet(place)
      let planted = 0
      let survived = 0
      let exactDates = 0
      for (const type of resourceTypes(elementTree(version)))
        for (const planting of ['values', 'siblings', 'dates'] satisfies Planting[]) {
          const { line, places } = plantResource(type, planting)
          const out = preset.anonymize(line)
          if (out !== interpreter.anonymize(line)) t.fail(`${type.name}, ${planting}: the engines differ`)
          planted += places.size
          exactDates += line.split(EXACT_DATE).length - 1
          for (const canary of canariesIn(out)) {
            const place = places.get(canary)
            survived++
            if (
              place === undefined ||
              !(mayBeKept(place) || isLimited(place)) ||
              !isListed(place, preset.rules)
            )
              t.fail(`${place === undefined ? canary : placeText(place)} survives`)
          }
          if (!keepsDates)
            for (const part of [EXACT_DATE, '06-05', '07:08:09'])
              if (out.includes(part)) t.fail(`${type.name}: ${part} survives`)
        }
      const share = preset.interpretedLines() / interpreter.interpretedLines()
      t.ok(share < 0.6, `the interpreter served ${Math.round(share * 100)} % of the lines`)
      t.ok(planted > 50_000, `${planted} values planted`)
      t.ok(exactDates > 5_000, `${exactDates} exact dates planted`)
      t.ok(survived > 80, `${survived} listed values survived`)
    },
  )
