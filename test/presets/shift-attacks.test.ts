import t, { type Test } from 'tap'
import { createLineAnonymizer } from '../../src/anonymizer/line-anonymizer.js'
import { Output } from '../../src/anonymizer/output.js'
import { checkConfig } from '../../src/config/anonymizer/configuration.js'
import { readConfigFile } from '../../src/config/anonymizer/configuration-file.js'
import { planOf } from '../../src/config/anonymizer/plan.js'
import { Random } from '../support/random.js'
import { projectRoot } from '../support/shared.js'

// Plays the known attacks on shifted dates and prints how many of the possible shifts remain for a patient. The
// original's settings show that the attacks work; the research preset must withstand them.

type Json = Record<string, unknown>
type Shift = Readonly<Record<string, unknown>>

const PATIENTS = 60
const VISITS = 40
const DAY = 86_400_000
const dayOf = (text: string): number => Math.floor(Date.parse(text.slice(0, 10)) / DAY)
const textOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7
const isWorkday = (day: number): boolean => weekdayOf(day) >= 1 && weekdayOf(day) <= 5

/** The offset of New York on a day, as a table of the last years gives it. */
function offsetOf(day: number): string {
  const year = Number(textOf(day).slice(0, 4))
  const sunday = (month: string, nth: number): number => {
    const first = dayOf(`${year}-${month}-01`)
    return first + ((7 - weekdayOf(first)) % 7) + 7 * (nth - 1)
  }
  return day >= sunday('03', 2) && day < sunday('11', 1) ? '-04:00' : '-05:00'
}

interface Patient {
  readonly id: string
  readonly birthday: number
  /** Days of visits: a clinic that closes on weekends. */
  readonly visits: readonly number[]
}

function population(random: Random): readonly Patient[] {
  return Array.from({ length: PATIENTS }, (_, k) => {
    const visits = new Set<number>()
    while (visits.size < VISITS) {
      const day = dayOf('2021-01-01') + random.below(1400)
      if (isWorkday(day)) visits.add(day)
    }
    return { id: `p${k}`, birthday: dayOf('1950-01-01') + random.below(20_000), visits: [...visits].sort() }
  })
}

function linesOf({ id, birthday, visits }: Patient): Json[] {
  const subject = { reference: `Patient/${id}` }
  return [
    { resourceType: 'Patient', id, birthDate: textOf(birthday) },
    {
      resourceType: 'Coverage',
      beneficiary: subject,
      period: { start: '2023-01-01', end: '2023-12-31' },
    },
    {
      resourceType: 'MedicationRequest',
      subject,
      authoredOn: textOf(visits[0] ?? 0),
      dosageInstruction: [
        {
          timing: {
            event: [textOf(visits[0] ?? 0)],
            repeat: { dayOfWeek: [WEEKDAYS[weekdayOf(visits[0] ?? 0)]] },
          },
        },
      ],
    },
    ...visits.map((day) => ({
      resourceType: 'Observation',
      subject,
      effectiveDateTime: `${textOf(day)}T10:00:00${offsetOf(day)}`,
      issued: `${textOf(day)}T10:30:00.000${offsetOf(day)}`,
    })),
  ]
}
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** What comes out for one patient: its resources in the order of `linesOf`. */
type Release = readonly Json[]

async function anonymizerOf(shift: Shift, key: string, rules: readonly Json[] = []) {
  const raw = (await readConfigFile(`${projectRoot}/configs/research-r4.json`)) as Json & { parameters: Json }
  const fhirPathRules = [...rules, ...(raw.fhirPathRules as Json[])]
  const config = { ...raw, fhirPathRules, parameters: { ...raw.parameters, ...shift } }
  const plan = planOf(checkConfig(config), '2026-11-21')
  const keys = { cryptoHashKey: 'a key for hashes', dateShiftKey: key }
  const anonymizer = await createLineAnonymizer(plan.settle({ asOf: '2026-11-21', keys }))
  const out = new Output()
  return (patient: Patient): Release =>
    linesOf(patient).map((resource, record) => {
      const source = Buffer.from(JSON.stringify(resource))
      out.length = 0
      const place = { item: 'i', record, baseOffset: 0, dateShiftPrefix: '' }
      const rejection = anonymizer.anonymizeLine(source, { start: 0, end: source.length }, place, out)
      if (rejection !== undefined) throw new Error(rejection.message)
      return JSON.parse(Buffer.from(out.bytes.subarray(0, out.length)).toString()) as Json
    })
}

const datesOf = (release: Release): string[] =>
  release.slice(3).map(({ effectiveDateTime }) => String(effectiveDateTime))
const daysOf = (release: Release): number[] => datesOf(release).map(dayOf)

/** An attack says whether a shift can be the true one, given a patient's output. */
type Attack = (release: Release, shift: number) => boolean

/** The zone is known: each date, shifted back, must have the offset that stands beside it. */
const knownZone: Attack = (release, shift) =>
  release.slice(3).every(({ effectiveDateTime, issued }) =>
    [effectiveDateTime, issued].map(String).every((text) => {
      const offset = /[+-]\d\d:\d\d$/.exec(text)?.[0]
      return offset === undefined || offset === '+00:00' || offsetOf(dayOf(text) - shift) === offset
    }),
  )

/** Periods of coverages begin on the first of January. */
const calendarYear: Attack = (release, shift) => {
  const { start } = (release[1]?.period ?? {}) as { start?: string }
  return start === undefined || start.length < 10 || textOf(dayOf(start) - shift).endsWith('-01-01')
}

/** A day of the week beside a date names the true one. */
const namedWeekday: Attack = (release, shift) => {
  const dosage = (release[2]?.dosageInstruction as Json[] | undefined)?.[0]
  const { event, repeat } = (dosage?.timing ?? {}) as { event?: string[]; repeat?: { dayOfWeek?: string[] } }
  const weekday = repeat?.dayOfWeek?.[0]
  return weekday === undefined || WEEKDAYS[weekdayOf(dayOf(String(event?.[0])) - shift)] === weekday
}

/** The clinic closes on weekends: no true date falls on one. */
const closedWeekends: Attack = (release, shift) => daysOf(release).every((day) => isWorkday(day - shift))

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

interface Remaining {
  readonly median: number
  readonly least: number
}

/** Returns how many of `shifts` remain after an attack, and fails where the true one is not among them. */
function remaining(t: Test, run: Run, attack: Attack): Remaining {
  const counts = run.patients.map((patient) => {
    const release = run.anonymize(patient)
    const left = run.shifts.filter((shift) => attack(release, shift))
    const trueShift = (daysOf(release)[0] ?? 0) - (patient.visits[0] ?? 0)
    if (!left.includes(trueShift)) t.fail(`${patient.id}: the attack leaves out the true shift ${trueShift}`)
    return left.length
  })
  return { median: median(counts), least: Math.min(...counts) }
}

interface Run {
  readonly patients: readonly Patient[]
  readonly anonymize: (patient: Patient) => Release
  readonly shifts: readonly number[]
}

const range = (min: number, max: number, step = 1): number[] => {
  const shifts: number[] = []
  for (let shift = min; shift <= max; shift++) if (shift % step === 0) shifts.push(shift)
  return shifts
}

/** Rules that keep what the preset takes away, to show that the attacks work. */
const KEPT_ANCHORS = [
  { path: 'Coverage.period', method: 'dateShift' },
  { path: "nodesByType('Timing').repeat.dayOfWeek", method: 'keep' },
]

const KEY = 'a key for dates that stays the same'
const shown = (left: Remaining | undefined, all: number): string =>
  `${left?.median} of ${all} (at least ${left?.least})`

const patients = population(new Random(13))
const SHIFTS = range(-50, 50)
/** The settings of the original, but for the scope: under scope `resource` its hash is linear and nothing holds. */
const AS_ORIGINAL = {
  dateShiftExcludeZero: false,
  dateShiftTimeZone: 'keep',
  dateShiftKeepWeekday: false,
  dateShiftRangeInDays: [-50, 50],
}
const WITHOUT_WEEKS = { dateShiftKeepWeekday: false, dateShiftRangeInDays: [-50, 50] }
/** The shifts of the preset: whole weeks up to a year, without 0. */
const PRESET_SHIFTS = range(-364, 364, 7).filter((days) => days !== 0)

t.test('what remains of the possible shifts after each attack', async (t) => {
  const original = { patients, shifts: SHIFTS, anonymize: await anonymizerOf(AS_ORIGINAL, KEY, KEPT_ANCHORS) }
  const days = {
    patients,
    shifts: SHIFTS.filter((shift) => shift !== 0),
    anonymize: await anonymizerOf(WITHOUT_WEEKS, KEY),
  }
  const preset = { patients, shifts: PRESET_SHIFTS, anonymize: await anonymizerOf({}, KEY) }
  const table: readonly (readonly [name: string, Attack, original: number, days: number])[] = [
    ['known time zone', knownZone, 25, 100],
    ['calendar year of a coverage', calendarYear, 1, 100],
    ['named day of the week', namedWeekday, 15, 100],
    // The clinic's closed days show the shift modulo 7: only whole weeks hide that.
    ['no visits on weekends', closedWeekends, 15, 14],
  ]
  for (const [name, attack, atMost, atLeast] of table) {
    const [one, two, three] = [original, days, preset].map((run) => remaining(t, run, attack))
    t.comment(
      `${name}: original's settings ${shown(one, 101)}; the preset's rules with single days ${shown(two, 100)}; ` +
        `research preset ${shown(three, PRESET_SHIFTS.length)}`,
    )
    t.ok((one?.median ?? 999) <= atMost, `${name}: works on the original's settings`)
    t.ok((two?.least ?? 0) >= atLeast, `${name}: leaves ${atLeast} of 100 single days`)
    t.equal(three?.least, PRESET_SHIFTS.length, `${name}: leaves everything with the preset`)
  }
})

t.test('repeated releases: nothing more under one key, the true date under random ones', async (t) => {
  const RELEASES = 12
  const daysLeft = async (keyOf: (release: number) => string): Promise<number> => {
    const windows = patients.map(() => ({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }))
    for (let release = 0; release < RELEASES; release++) {
      const anonymize = await anonymizerOf({}, keyOf(release))
      for (const [k, patient] of patients.entries()) {
        const day = daysOf(anonymize(patient))[0] ?? 0
        const window = windows[k]
        if (window === undefined) continue
        window.from = Math.max(window.from, day - 364)
        window.to = Math.min(window.to, day + 364)
      }
    }
    return median(windows.map(({ from, to }) => (to - from) / 7 + 1))
  }
  const underOne = await daysLeft(() => KEY)
  const underRandom = await daysLeft((release) => `random key ${release}`)
  t.comment(`${RELEASES} releases: one key leaves ${underOne} of 105 days, random keys ${underRandom}`)
  t.equal(underOne, 105, 'one key: every release shows the same date')
  t.ok(underRandom < 40, 'random keys: lint, run and --check refuse them for repeated runs')
})

t.test('known dates of a patient: one leaves many patients, two leave few', async (t) => {
  const anonymize = await anonymizerOf({}, KEY)
  const outputs = patients.map((patient) => new Set(daysOf(anonymize(patient))))
  /** Numbers of patients whose output fits when the attacker knows these days of one patient. */
  const fitting = (known: readonly number[]): number =>
    outputs.filter((days) => PRESET_SHIFTS.some((shift) => known.every((day) => days.has(day + shift))))
      .length
  const [one, two, three] = [1, 2, 3].map((n) => patients.map(({ visits }) => fitting(visits.slice(0, n))))
  const unique = (counts: readonly number[] = []) => counts.filter((count) => count === 1).length
  t.comment(
    `of ${PATIENTS} patients with ${VISITS} visits each, those singled out by one known date: ${unique(one)}, ` +
      `by two: ${unique(two)}, by three: ${unique(three)}`,
  )
  t.equal(unique(one), 0, 'one known date fits several patients')
  t.ok(
    [one, two, three].every((counts) => counts?.every((count) => count >= 1)),
    'the patient itself always fits',
  )
})
