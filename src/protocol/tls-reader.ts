/** Bytes that are no TLS, or not what was asked for. */
export class HelloError extends Error {
  override readonly name = 'HelloError';
  readonly code: 'malformed' | 'not-offered';

  constructor(code: HelloError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export const malformed = (message: string): HelloError => new HelloError('malformed', message);

/** Reads the fields of a message one after the other; each throws where the message ends early. */
export function reader(body: Buffer, what: string) {
  let at = 0;
  const bytes = (length: number): Buffer => {
    if (at + length > body.length) throw malformed(`the ${what} ends early`);
    at += length;
    return body.subarray(at - length, at);
  };
  return {
    bytes,
    number: (width: 1 | 2): number => bytes(width).readUIntBE(0, width),
    done: () => at === body.length,
  };
}
