import { join } from 'node:path'
import { projectRoot } from './shared.js'

/** Nextflow's own classes and what they need, as `npm run clusters` fetches them. */
export const NEXTFLOW_CLASSES = join(projectRoot, 'node_modules', '.cache', 'sluice-clusters', 'nextflow')

const OPENED = ['java.lang', 'java.io', 'java.nio', 'java.net', 'java.util', 'sun.nio.ch', 'sun.nio.fs']

/** The words after `java` that do what `nextflow` does with these words. Its launcher is not on Maven Central. */
export const nextflowWords = (...words: readonly string[]): readonly string[] => [
  ...OPENED.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
  ...['-Xmx512m', '-cp', join(NEXTFLOW_CLASSES, '*'), 'nextflow.cli.Launcher', ...words],
]
