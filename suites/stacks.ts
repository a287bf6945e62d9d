/** Writes the stack of an error. */
export type Format = (error: Error, frames: NodeJS.CallSite[]) => string;

interface Written {
  /** Of the function: one that is made in a loop has one place and several names. */
  readonly name: string | null;
  readonly text: string;
}

/**
 * The test runner takes a stack at each of its steps, and maps each frame of it to its source anew: that costs more than the
 * steps do. Where a place in the code is in its source never changes, so each is written once. `ASSAY_STACKS=plain` turns
 * this off.
 */
export function memoiseStacks(environment: NodeJS.ProcessEnv): void {
  const format = Error.prepareStackTrace?.bind(Error);
  if (format === undefined || environment['ASSAY_STACKS'] === 'plain') return;
  Error.prepareStackTrace = memoised((error, frames) => String(format(error, frames)));
}

/** The same format, but what it writes of a frame is kept. A function has its own name, whatever its caller calls it. */
export function memoised(format: Format): Format {
  const files = new Map<string, Map<number, Written>>();
  return (error, frames) => {
    const heading = format(error, []);
    const write = (frame: NodeJS.CallSite): string => format(error, [frame]).slice(heading.length);
    let stack = heading;
    for (const frame of frames) {
      const file = frame.getFileName();
      // What is in no file has no place of its own.
      if (typeof file !== 'string') {
        stack += write(frame);
        continue;
      }
      const places = files.get(file) ?? new Map<number, Written>();
      files.set(file, places);
      // A place is called, and is come back to after waiting, which reads differently.
      const place = frame.isAsync() ? -frame.getPosition() : frame.getPosition();
      const name = frame.getFunctionName();
      let written = places.get(place);
      if (written?.name !== name) {
        written = { name, text: write(frame) };
        places.set(place, written);
      }
      stack += written.text;
    }
    return stack;
  };
}
