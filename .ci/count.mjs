import { writeFileSync } from 'node:fs';

/** Writes what became of the tests into the file that `ASSAY_COUNTS` names: JSON of numbers. */
export default class Count {
  #errors = 0;
  #suite;

  printsToStdio() {
    return false;
  }

  onBegin(_, suite) {
    this.#suite = suite;
  }

  onError() {
    this.#errors += 1;
  }

  onEnd() {
    const outcomes = this.#suite?.allTests().map((test) => test.outcome()) ?? [];
    const count = (outcome) => outcomes.filter((each) => each === outcome).length;
    const failed = count('unexpected') + count('flaky') + this.#errors;
    const counts = { passed: count('expected'), failed, skipped: count('skipped') };
    writeFileSync(process.env.ASSAY_COUNTS, JSON.stringify(counts));
  }
}
