// One run of Sluice, shared by several tasks of Nextflow, on whatever executor the configuration names.
//
//   nextflow run main.nf --input /shared/export --output /shared/anonymized --config /shared/config.json
//   nextflow run main.nf … -resume      goes on with a run that was stopped
//
// Paths are absolute, and all tasks see them: Sluice reads and writes there itself, nothing is staged.

params.input = null
params.output = null
params.config = null
params.tasks = 4
params.options = '' // more options of `sluice anonymize`; the same for all tasks

// -resume keeps the session, so it is the same run; without it, it is a new one.
def runId = "nextflow-${workflow.sessionId}"

process ANONYMIZE {
    tag "$index"

    input:
    val index

    output:
    val index

    // exec: Sluice takes the place of the shell, so that it is told when the task is to stop.
    script:
    """
    exec sluice anonymize -i '${params.input}' -o '${params.output}' -c '${params.config}' \
        --run-id '${runId}' ${params.options} --join
    """
}

process FINISH {
    input:
    val done

    output:
    val "${params.output}/run.json"

    script:
    """
    exec sluice finish -i '${params.input}' -o '${params.output}' -c '${params.config}' \
        --run-id '${runId}' ${params.options}
    """
}

workflow {
    for (name in ['input', 'output', 'config'])
        if (!params[name]) error "--${name} is missing"
    ANONYMIZE(Channel.of(1..params.tasks))
    // What comes next takes the report from here.
    FINISH(ANONYMIZE.out.collect()).view { report -> "report: ${report}" }
}
