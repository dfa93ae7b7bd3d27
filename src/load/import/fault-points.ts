/** The points of an import where fault tests kill the process, in the order in which they come. */
export type ImportFaultPoint =
  | 'staged-bytes'
  | 'before-file-record'
  | 'after-file-record'
  | 'after-file-commit'
  | 'staged'
  | 'before-kick-off'
  | 'after-kick-off'
  | 'job-recorded'
  | 'job-complete'
  | 'file-settled'
  | 'before-report'
  | 'after-report'
