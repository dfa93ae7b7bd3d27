"""Shares one run of Sluice between the executors of a Spark cluster.

As a script:

    spark-submit --archives sluice.tar.gz#sluice anonymize.py --tasks 8 -- \
        -i /mnt/export -o /mnt/anonymized -c /mnt/config.json

In a notebook: paste all but the last three lines into a cell, and call

    anonymize(spark, ["-i", "/mnt/export", "-o", "/mnt/anonymized", "-c", "/mnt/config.json"], tasks=8)

Spark only starts the processes. No data passes through Spark: each process reads its part of the input and writes its
part of the output, and takes the next part when it is done with one.
"""

import argparse
import collections
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

from pyspark import SparkFiles, TaskContext
from pyspark.sql import SparkSession

USAGE = 2  # a wrong option or configuration: a retry cannot help
SOME_QUARANTINED = 10
TAIL_LINES = 20


def sluice_command():
    """Sluice from the archive that was sent along as `#sluice`, or else the one that is installed."""
    sent_along = SparkFiles.get("sluice/bin/sluice")
    return sent_along if os.path.exists(sent_along) else "sluice"


def end_with_parent():
    """Runs in the new process: Linux tells it to stop when the Python worker dies, as it does if Spark cancels a task."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def run_task(words, run_id):
    """Runs Sluice once, on an executor. Returns what it did; raises where Spark should try the task again."""
    task = TaskContext.get()
    command = [sluice_command(), "anonymize", "--workers", str(task.cpus())]
    command += [*words, "--join", "--run-id", run_id, "--json"]
    tail = collections.deque(maxlen=TAIL_LINES)
    with tempfile.TemporaryFile() as stdout:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            preexec_fn=end_with_parent,
        )
        for line in process.stderr:
            sys.stderr.write(line)  # the log of the executor, in Spark's UI
            tail.append(line)
        exit_code = process.wait()
        stdout.seek(0)
        output = stdout.read()
    ended = {"task": task.partitionId(), "attempt": task.attemptNumber(), "host": socket.gethostname()}
    if exit_code == USAGE:
        return {**ended, "kind": "refused", "reason": "".join(tail)}
    if exit_code not in (0, SOME_QUARANTINED):
        what = f"was killed by signal {-exit_code}" if exit_code < 0 else f"ended with {exit_code}"
        raise RuntimeError(f"sluice {what}:\n{''.join(tail)}")
    answer = json.loads(output)
    # The task that ends the run prints the report. It names each output: all of that stays in the output's run.json.
    kept = ("kind", "work", "unitsLeft", "items", "lines")
    return {**ended, "kind": "finished", **{name: answer[name] for name in kept if name in answer}}


def anonymize(spark, words, tasks=None, run_id=None):
    """Runs `sluice anonymize` with these words on the executors, as one run. Returns what each task did.

    run_id tells this run from the next. By default it is the id of the Spark application: give another one in a session
    that outlives the run, as a notebook's does, or the second run there finds that its work is done.
    """
    context = spark.sparkContext
    cpus = int(context.getConf().get("spark.task.cpus", "1"))
    tasks = tasks or max(1, context.defaultParallelism // cpus)
    run_id = run_id or context.applicationId
    ended = (
        context.parallelize(range(tasks), tasks)
        .mapPartitions(lambda _: [run_task(words, run_id)])
        .collect()
    )
    for task in ended:
        if task["kind"] == "refused":
            raise ValueError(f"task {task['task']} was refused, and a retry cannot help:\n{task['reason']}")
    if all(task["kind"] == "worked" for task in ended):
        raise RuntimeError("units are left that other processes hold; run it again with the same run id")
    return ended


def main():
    parser = argparse.ArgumentParser(description="Shares one run of Sluice between the executors of a Spark cluster.")
    parser.add_argument("--tasks", type=int, help="how many; default: as many as the cluster can run at once")
    parser.add_argument("--run-id", help="default: the id of the Spark application")
    parser.add_argument("words", nargs="+", help="options of sluice anonymize, after --")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("sluice").getOrCreate()
    try:
        for task in anonymize(spark, options.words, options.tasks, options.run_id):
            print(json.dumps(task))
    except ValueError as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(USAGE)
    finally:
        spark.stop()


# For spark-submit; leave this out in a notebook.
if __name__ == "__main__":
    main()
