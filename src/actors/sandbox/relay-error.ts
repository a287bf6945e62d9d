const faults = {
  'bad-tokens': 'configuration',
  'bad-certificate': 'configuration',
  'address-taken': 'environment',
  'unusable-address': 'environment',
  'wrong-token': 'configuration',
  'no-relay': 'configuration',
  'no-certificates': 'configuration',
  full: 'environment',
  unreachable: 'environment',
} as const;

/** A relay that cannot be opened, or that a run cannot use. */
export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: keyof typeof faults;
  readonly fault: 'configuration' | 'environment';

  constructor(code: RelayError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fault = faults[code];
  }
}
