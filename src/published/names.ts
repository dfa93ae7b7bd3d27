/** What `generator` says in every report that Sluice writes. */
export const GENERATOR = 'fhir-sluice'

/** The report of a run; where it is present in an output, all outputs are. */
export const REPORT_NAME = 'run.json'

/** The list of outputs, where they are too many for `run.json`. */
export const LIST_NAME = 'outputs.ndjson'

/** The summary of an export by queries, beside the report: in its documented form, and as today's loader writes it. */
export const COMPLETED_RUN_NAMES = {
  documented: '_completed_run.xjson',
  current: '_completed_run.json',
} as const

const OWN = /^(?:run\.json|outputs\.ndjson|_completed_run\.x?json)(?:\.gz|\.zst)?$/i

/** Whether the last part of a name is one that Sluice writes itself; the case does not count, as some disks ignore it. */
export const isOwnName = (name: string): boolean => OWN.test(name.slice(name.lastIndexOf('/') + 1))

/** Whether a name stays below the folder it is put in: relative, and no part of it empty, `.` or `..`. */
export const isInnerName = (name: string): boolean =>
  !name.includes('\0') && name.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
